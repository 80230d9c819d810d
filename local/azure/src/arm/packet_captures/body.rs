//! The body of a PUT: its shape, its bounds, its enumerations.

use serde::Deserialize;

use crate::arm::error::{ArmError, ArmResult};
use crate::arm::versions;

/// Azure's own bound on every byte count.
const MAX_BYTES: i64 = 4_294_967_295;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    properties: Properties,
}

/// `properties`; what is left out or null is not set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Properties {
    pub(super) target: String,
    pub(super) target_type: Option<TargetType>,
    pub(super) scope: Option<Scope>,
    pub(super) bytes_to_capture_per_packet: Option<i64>,
    pub(super) total_bytes_per_session: Option<i64>,
    pub(super) time_limit_in_seconds: Option<i64>,
    pub(super) storage_location: StorageLocation,
    pub(super) filters: Option<Vec<FilterBody>>,
    pub(super) continuous_capture: Option<bool>,
    pub(super) capture_settings: Option<CaptureSettings>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum TargetType {
    #[serde(rename = "AzureVM")]
    Machine,
    #[serde(rename = "AzureVMSS")]
    ScaleSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    pub(super) include: Option<Vec<String>>,
    pub(super) exclude: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StorageLocation {
    pub(super) storage_id: Option<String>,
    pub(super) storage_path: Option<String>,
    pub(super) file_path: Option<String>,
    pub(super) local_path: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterBody {
    pub(super) protocol: Option<Protocol>,
    #[serde(rename = "localIPAddress")]
    pub(super) local_ip: Option<String>,
    #[serde(rename = "remoteIPAddress")]
    pub(super) remote_ip: Option<String>,
    #[serde(rename = "localPort")]
    pub(super) local_port: Option<String>,
    #[serde(rename = "remotePort")]
    pub(super) remote_port: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) enum Protocol {
    #[serde(rename = "TCP")]
    Tcp,
    #[serde(rename = "UDP")]
    Udp,
    #[default]
    Any,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptureSettings {
    pub(super) file_count: Option<i64>,
    pub(super) file_size_in_bytes: Option<i64>,
    pub(super) session_time_limit_in_seconds: Option<i64>,
}

/// Reads and checks the body of a PUT at this api-version.
pub(super) fn parse(bytes: &[u8], version: &str) -> ArmResult<Properties> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let body: Body = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // The code is Network's; how it words a packet capture's fault is not known: the detail is invented.
        ArmError::bad_request("InvalidRequestFormat", "Cannot parse the request.")
            .detail("InvalidJson", format!("{} Path '{path}'.", error.into_inner()))
    })?;
    deserializer.end().map_err(|error| {
        ArmError::bad_request("InvalidRequestFormat", "Cannot parse the request.")
            .detail("InvalidJson", error.to_string())
    })?;
    let properties = body.properties;
    known_at(&properties, version)?;
    bounds(&properties)?;
    Ok(properties)
}

/// A field is unknown to the versions before it came.
fn known_at(properties: &Properties, version: &str) -> ArmResult<()> {
    let fields = [
        ("targetType", properties.target_type.is_some(), versions::SCALE_SETS_SINCE),
        ("scope", properties.scope.is_some(), versions::SCALE_SETS_SINCE),
        ("continuousCapture", properties.continuous_capture.is_some(), versions::CONTINUOUS_SINCE),
        ("captureSettings", properties.capture_settings.is_some(), versions::CONTINUOUS_SINCE),
        (
            "storageLocation.localPath",
            properties.storage_location.local_path.is_some(),
            versions::CONTINUOUS_SINCE,
        ),
    ];
    for (field, given, since) in fields {
        if given && version < since {
            return Err(ArmError::bad_request("InvalidRequestFormat", "Cannot parse the request.").detail(
                "InvalidJson",
                format!("unknown field `{field}` at api-version {version} Path 'properties.{field}'."),
            ));
        }
    }
    Ok(())
}

fn bounds(properties: &Properties) -> ArmResult<()> {
    let settings = properties.capture_settings.as_ref();
    let fields = [
        ("bytesToCapturePerPacket", properties.bytes_to_capture_per_packet, MAX_BYTES),
        ("totalBytesPerSession", properties.total_bytes_per_session, MAX_BYTES),
        ("timeLimitInSeconds", properties.time_limit_in_seconds, 18_000),
        ("captureSettings.fileCount", settings.and_then(|settings| settings.file_count), 10_000),
        (
            "captureSettings.fileSizeInBytes",
            settings.and_then(|settings| settings.file_size_in_bytes),
            MAX_BYTES,
        ),
        (
            "captureSettings.sessionTimeLimitInSeconds",
            settings.and_then(|settings| settings.session_time_limit_in_seconds),
            604_800,
        ),
    ];
    for (field, value, most) in fields {
        if let Some(value) = value.filter(|value| !(0..=most).contains(value)) {
            // The bounds are the specification's, the code is invented.
            return Err(ArmError::bad_request(
                "PacketCaptureParameterOutOfRange",
                format!(
                    "The value {value} of properties.{field} is out of range. It must be between 0 and {most}."
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: &str, version: &str) -> String {
        let body = format!(
            r#"{{"properties":{{"target":"/t","storageLocation":{{"filePath":"/var/captures/a.cap"}}{change}}}}}"#
        );
        match parse(body.as_bytes(), version) {
            Ok(_) => String::new(),
            Err(error) => error.body().to_string(),
        }
    }

    #[test]
    fn the_tutorials_misspelt_fields_are_refused_by_name() {
        for field in
            [r#""bytestToCapturePerPacket":0"#, r#""filters":[{"localIP":"10.0.0.1"}]"#, r#""location":"x""#]
        {
            let error = refused(&format!(",{field}"), "2026-03-01");
            assert!(error.contains("unknown field"), "{field}: {error}");
        }
    }

    #[test]
    fn bounds_and_enumerations_are_the_specifications() {
        for (change, complaint) in [
            (r#","timeLimitInSeconds":18001"#, "between 0 and 18000"),
            (r#","timeLimitInSeconds":-1"#, "between 0 and 18000"),
            (r#","timeLimitInSeconds":"60""#, "properties.timeLimitInSeconds"),
            (r#","totalBytesPerSession":4294967296"#, "between 0 and 4294967295"),
            (r#","bytesToCapturePerPacket":4294967296"#, "between 0 and 4294967295"),
            (r#","filters":[{"protocol":"ICMP"}]"#, "properties.filters[0].protocol"),
            (r#","targetType":"AWSVM""#, "properties.targetType"),
            (r#","captureSettings":{"fileCount":10001}"#, "between 0 and 10000"),
            (r#","captureSettings":{"sessionTimeLimitInSeconds":604801}"#, "between 0 and 604800"),
        ] {
            let error = refused(change, "2026-03-01");
            assert!(error.contains(complaint), "{change}: {error}");
        }
        for change in ["", r#","timeLimitInSeconds":18000"#, r#","timeLimitInSeconds":null,"filters":[]"#] {
            assert_eq!(refused(change, "2026-03-01"), "", "{change}");
        }
    }

    #[test]
    fn fields_are_unknown_to_versions_older_than_themselves() {
        assert_eq!(refused(r#","targetType":"AzureVM""#, "2022-01-01"), "");
        assert!(refused(r#","targetType":"AzureVM""#, "2021-08-01").contains("targetType"));
        assert!(refused(r#","continuousCapture":false"#, "2023-09-01").contains("continuousCapture"));
    }
}
