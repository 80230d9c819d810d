//! What is asked about capture sessions: PUT, GET, DELETE, `stop`, `queryStatus`.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::Value;

use super::{
    Asked, Azure, Effect, WATCHERS,
    answer::{empty, refusal, reply},
    region_of,
    sessions::Who,
    watcher_path,
};
use crate::scenario::SECOND;

impl Azure {
    pub(super) fn session(&mut self, asked: &Asked<'_>, watcher: &str, name: &str) -> Response<Bytes> {
        let (name, action) = name.split_once('/').map_or((name, ""), |(name, action)| (name, action));
        let path = format!("{watcher}/packetcaptures/{name}");
        let existing = self.sessions.at(&path);
        match (asked.request.method(), action, existing) {
            (&Method::PUT, "", Some(_)) => {
                refusal(self.ways.conflict, "InventedConflict", "a session of this name exists")
            }
            (&Method::PUT, "", None) => self.put(asked, watcher, &path),
            (&Method::DELETE, _, None) => empty(204),
            (_, _, None) => refusal(404, "ResourceNotFound", "there is no such session"),
            (&Method::GET, "", Some(index)) => reply(200, &self.sessions.all[index].shown(asked.now)),
            (&Method::DELETE, _, Some(index)) => {
                let gone_at = asked.now + asked.chance.below(self.ways.deletion * SECOND + 1);
                self.effects.push(Effect::Deleted(index));
                self.sessions.delete(index, Who::Us, asked.now, gone_at);
                empty(202)
            }
            (&Method::POST, "stop", Some(index)) => {
                if self.sessions.all[index].has_ended(asked.now) && self.ways.late_stop != 202 {
                    return refusal(self.ways.late_stop, "InventedStopped", "it has stopped");
                }
                let is_over = self.sessions.all[index].has_ended(asked.now);
                if let Some(status) = self.sessions.all[index].refuses_stop.filter(|_| !is_over) {
                    return refusal(status, "InventedRefusal", "it cannot be stopped");
                }
                self.effects.push(Effect::Stopped(index));
                self.sessions.stop(index, asked.now + asked.chance.below(3 * SECOND));
                empty(202)
            }
            (&Method::POST, "querystatus", Some(index)) => self.query_status(asked, index),
            _ => refusal(405, "MethodNotAllowed", "no such operation"),
        }
    }

    fn put(&mut self, asked: &Asked<'_>, watcher: &str, path: &str) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(asked.request.body()).unwrap_or_default();
        let target = body.pointer("/properties/target").and_then(Value::as_str).unwrap_or_default();
        let machine = target.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let is_here =
            (0..WATCHERS.len()).any(|i| watcher_path(i) == watcher && WATCHERS[i].0 == region_of(&machine));
        if self.gone_machines.contains(&machine) || !self.agents.contains_key(&machine) || !is_here {
            return refusal(400, "InventedTarget", "the target does not exist in this region");
        }
        if self.sessions.on(watcher).len() >= self.ways.most_sessions {
            return refusal(400, "InventedLimit", "the watcher takes no more sessions");
        }
        let number = |field: &str| body.pointer(field).and_then(Value::as_u64);
        let limit = number("/properties/timeLimitInSeconds").unwrap_or(18_000);
        let alert = number("/properties/totalBytesPerSession");
        let name = asked.request.uri().path().rsplit('/').next().unwrap_or_default();
        let path = format!("{}/{name}", path.rsplit_once('/').map_or("", |(front, _)| front));
        let index =
            self.sessions.begin(asked.chance, &self.ways, asked.now, &path, target, limit, Who::Us, alert);
        self.effects.push(Effect::Begun(index));
        let mut answer = reply(201, &self.sessions.all[index].shown(asked.now));
        let ready = self.sessions.all[index].ready;
        self.place(asked, &mut answer, "azure-asyncoperation", index, false, ready);
        answer.headers_mut().insert("retry-after", "10".parse().expect("a number"));
        answer
    }

    fn query_status(&mut self, asked: &Asked<'_>, index: usize) -> Response<Bytes> {
        let session = &self.sessions.all[index];
        if session.deleting.is_some() {
            return refusal(409, "InventedConflict", "the session is being deleted");
        }
        let started =
            asked.time.after((session.ready / SECOND) as i64 - (asked.now / SECOND) as i64).to_string();
        if session.status_is_known(asked.now) && !session.never_ready {
            return reply(200, &session.status(asked.now, false, &started));
        }
        let mut answer = reply(202, &session.status(asked.now, true, &started));
        let ready = asked.now + asked.chance.below(4 * SECOND);
        if !asked.chance.happens(if self.ways.forgets > 0 { 100 } else { 0 }) {
            self.place(asked, &mut answer, "location", index, true, ready);
            answer.headers_mut().insert("retry-after", "3".parse().expect("a number"));
        }
        answer
    }
}
