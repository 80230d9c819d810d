//! The PUT: everything is checked before anything is made.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::body::{self, FilterBody, Properties, Protocol, TargetType};
use super::{ACTIONS, session_id, storage, target};
use crate::answer;
use crate::arm::error::{ArmError, ArmResult};
use crate::arm::operations::{self, Kind};
use crate::arm::{Call, network_watchers, versions};
use crate::captures::NotAdded;
use crate::captures::life;
use crate::captures::session::{Session, Spec, Wire};
use crate::inventory::{TargetKind, Watcher};
use crate::route::ResourcePath;
use crate::traffic::filter;

/// `PUT …/packetCaptures/{name}`: 201, and a session that begins to live.
pub(in crate::arm) fn put(call: &Call<'_>, path: &ResourcePath, name: &str) -> ArmResult {
    let (subscription, watcher) = network_watchers::find(call, path, &format!("{ACTIONS}/write"))?;
    check_name(name)?;
    let properties = body::parse(&call.req.body, &call.version)?;
    let spec = spec(call, properties, watcher)?;

    let id = session_id(&subscription.watcher_id(watcher), name);
    let session = Session::new(id, name, &subscription.id, &watcher.location, spec);
    let limit = call.app.inventory.limits.sessions_per_region;
    let session =
        call.app.captures.add(session, limit).map_err(|error| not_added(call, error, name, limit))?;
    let operation = call.app.operations.start(call, &session, Kind::Create);

    let mut answer = answer::json(StatusCode::CREATED, &session.resource());
    answer::set(&mut answer, "azure-asyncoperation", operation.url(call));
    answer::set(&mut answer, "azure-asyncnotification", "Enabled");
    operations::set_retry_after(call, &mut answer);
    tokio::spawn(life::live(Arc::clone(call.app), session, operation, call.req.outcome.clone()));
    Ok(answer)
}

/// No rule is published; this one is invented, after Network's other names.
fn check_name(name: &str) -> ArmResult<()> {
    let fits = (1..=80).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fits {
        return Ok(());
    }
    Err(ArmError::bad_request(
        "InvalidResourceName",
        format!(
            "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a letter or number, and it may contain letters, numbers, '.', '-' and '_'."
        ),
    ))
}

/// Both codes are invented: no source tells the service's own.
fn not_added(call: &Call<'_>, error: NotAdded, name: &str, limit: usize) -> ArmError {
    match error {
        NotAdded::Exists => ArmError::new(
            StatusCode::CONFLICT,
            "PacketCaptureAlreadyExists",
            format!("A packet capture named {name} already exists: {}.", call.req.uri.path()),
        ),
        NotAdded::Full => ArmError::bad_request(
            "PacketCaptureCountLimitReached",
            format!(
                "Cannot create more than {limit} packet captures for this subscription in this region. Delete captures that are no longer needed."
            ),
        ),
    }
}

fn spec(call: &Call<'_>, properties: Properties, watcher: &Watcher) -> ArmResult<Spec> {
    let (target_id, target) = target::find(call, &properties, watcher)?;
    let storage = storage::check(call, &properties, &target, &target_id)?;
    let chosen = target::chosen_wires(&properties, &target)?;
    let wires = chosen
        .into_iter()
        .map(|(instance, ip)| Wire {
            ip,
            file: storage.blob.clone().map(|(account, container, blob)| match target.kind {
                TargetKind::Machine => (account, container, blob),
                TargetKind::ScaleSet => (account, container, storage::instance_blob(&blob, &instance)),
            }),
        })
        .collect();
    let bytes = |value: Option<i64>, default: u64| {
        value.and_then(|value| u64::try_from(value).ok()).unwrap_or(default)
    };
    let settings = properties.capture_settings.as_ref();
    let seconds = match properties.continuous_capture {
        // A ring buffer's own limit holds; it is played as one file: invented.
        Some(true) => bytes(settings.and_then(|settings| settings.session_time_limit_in_seconds), 86_400),
        _ => bytes(properties.time_limit_in_seconds, 18_000),
    };
    let bytes_per_packet = bytes(properties.bytes_to_capture_per_packet, 0);
    let total_bytes = bytes(properties.total_bytes_per_session, 1_073_741_824);
    Ok(Spec {
        properties: echo(call, &properties, &storage.body, bytes_per_packet, total_bytes),
        // That 0 seconds or 0 bytes end a session at once is invented; it is in range, and not the default.
        time_limit: Duration::from_secs(seconds),
        bytes_per_packet,
        total_bytes,
        filters: properties.filters.iter().flatten().map(filter).collect(),
        bytes_per_second: target.bytes_per_second,
        recording: target.recording.clone(),
        wires,
        unreachable: target::unreachable(&target),
        upload_refused: storage.upload_refused,
    })
}

fn filter(body: &FilterBody) -> filter::Filter {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let protocol = match body.protocol.unwrap_or_default() {
        Protocol::Any => filter::Protocol::Any,
        Protocol::Tcp => filter::Protocol::Tcp,
        Protocol::Udp => filter::Protocol::Udp,
    };
    filter::Filter {
        protocol,
        local_ip: filter::Range::parse(&text(&body.local_ip)),
        remote_ip: filter::Range::parse(&text(&body.remote_ip)),
        local_port: filter::Range::parse(&text(&body.local_port)),
        remote_port: filter::Range::parse(&text(&body.remote_port)),
    }
}

/// The properties as they are read back: defaults filled in, a filter's unset fields as "".
fn echo(
    call: &Call<'_>,
    asked: &Properties,
    storage: &Value,
    bytes_per_packet: u64,
    total_bytes: u64,
) -> Value {
    let mut body = json!({ "target": asked.target });
    // Whether the service reads back a targetType, scope or settings that were not sent is not known: invented.
    if call.version.as_str() >= versions::SCALE_SETS_SINCE {
        let scale_set = asked.target_type == Some(TargetType::ScaleSet);
        body["targetType"] = json!(if scale_set { "AzureVMSS" } else { "AzureVM" });
    }
    if let Some(scope) = &asked.scope {
        let list = |ids: &Option<Vec<String>>| ids.clone().unwrap_or_default();
        body["scope"] = json!({ "include": list(&scope.include), "exclude": list(&scope.exclude) });
    }
    body["bytesToCapturePerPacket"] = json!(bytes_per_packet);
    body["totalBytesPerSession"] = json!(total_bytes);
    body["timeLimitInSeconds"] = json!(asked.time_limit_in_seconds.unwrap_or(18_000));
    body["storageLocation"] = storage.clone();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let filters = asked.filters.iter().flatten().map(|filter| {
        let protocol = match filter.protocol.unwrap_or_default() {
            Protocol::Any => "Any",
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
        };
        json!({
            "protocol": protocol,
            "localIPAddress": text(&filter.local_ip),
            "localPort": text(&filter.local_port),
            "remoteIPAddress": text(&filter.remote_ip),
            "remotePort": text(&filter.remote_port),
        })
    });
    body["filters"] = filters.collect();
    if let Some(continuous) = asked.continuous_capture {
        body["continuousCapture"] = json!(continuous);
    }
    if let Some(settings) = &asked.capture_settings {
        body["captureSettings"] = json!({
            "fileCount": settings.file_count.unwrap_or(10),
            "fileSizeInBytes": settings.file_size_in_bytes.unwrap_or(104_857_600),
            "sessionTimeLimitInSeconds": settings.session_time_limit_in_seconds.unwrap_or(86_400),
        });
    }
    body
}
