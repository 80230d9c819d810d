use serde_json::json;

use super::*;

#[test]
fn a_status_is_read_defensively() {
    let status = parse_status(&json!({
        "captureStartTime": "2020-07-07T09:06:14.6541886Z", "packetCaptureStatus": "stopped",
        "stopReason": "TimeExceeded", "packetCaptureError": []
    }));
    assert!(status.is_over && status.failure.is_none());
    assert_eq!(status.stop_reason.as_deref(), Some("TimeExceeded"));
    assert_eq!(status.started_at.unwrap().to_string(), "2020-07-07T09:06:14.6541886Z");

    for word in ["Running", "NotStarted", "Unknown", "SomethingNew"] {
        assert!(!parse_status(&json!({"packetCaptureStatus": word, "stopReason": ""})).is_over, "{word}");
    }
    for odd in [json!(null), json!([]), json!({"packetCaptureStatus": 7, "captureStartTime": "soon"})] {
        let status = parse_status(&odd);
        assert_eq!((status.word.as_str(), status.is_over, status.started_at), ("Unknown", false, None));
    }
}

#[test]
fn an_error_is_over_and_names_its_reasons() {
    let status =
        parse_status(&json!({"packetCaptureStatus": "Error", "packetCaptureError": ["AgentStopped", "X"]}));
    let failure = status.failure.unwrap();
    assert!(status.is_over);
    assert_eq!(failure.code, "AgentStopped");
    assert!(failure.message.contains("AgentStopped, X") && failure.advice.is_some());
    let nameless = parse_status(&json!({"packetCaptureStatus": "Error"}));
    assert_eq!(nameless.failure.unwrap().code, "CaptureError");
}

#[test]
fn a_storage_path_is_kept_without_its_signature_and_an_empty_one_is_none() {
    let path = |location: Value| {
        let properties = SessionProperties { storage_location: location, ..SessionProperties::default() };
        properties.storage_path()
    };
    assert_eq!(path(json!({"storagePath": "https://a/b.cap?sig=x#y"})).as_deref(), Some("https://a/b.cap"));
    assert_eq!(path(json!({"storagePath": ""})), None);
    assert_eq!(path(json!({"storagePath": null})), None);
    assert_eq!(path(json!(null)), None);
}

#[test]
fn provisioning_ends_with_three_words_in_any_case() {
    let state = |word: &str| SessionProperties {
        provisioning_state: Some(word.to_owned()),
        ..SessionProperties::default()
    };
    assert!(!state("SUCCEEDED").is_provisioning() && !state("Succeeded").has_failed());
    assert!(state("failed").has_failed() && state("Canceled").has_failed());
    assert!(state("Updating").is_provisioning() && state("").is_provisioning());
}
