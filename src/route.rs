//! URL + method → [`Route`]. Pure: testable without a host.

use http::{Method, request::Parts};
use url::form_urlencoded;

use crate::problem::Problem;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST /api/alerts`
    Alerts,
    /// `GET /api/captures`
    Captures,
    /// `GET /api/captures/{name}`
    Capture {
        /// The capture's name, as it stands in the path.
        name: &'a str,
    },
    /// `DELETE /api/captures/{name}`
    Delete {
        /// The same.
        name: &'a str,
    },
    /// `POST /api/captures/{name}/stop`
    Stop {
        /// The same.
        name: &'a str,
    },
    /// `GET /api/captures/{name}/summary`
    Summary {
        /// The same.
        name: &'a str,
    },
    /// `POST /api/sweep`, or GET
    Sweep,
    /// `GET /healthz`
    Health,
    /// `GET /readyz`
    Ready,
}

/// What the path of one capture takes.
const OF_A_CAPTURE: &str = "GET, HEAD, DELETE";

impl<'a> Route<'a> {
    /// The route for a method and a path (without its query).
    ///
    /// # Errors
    /// A [`Problem`]: 404, or 405 where the path takes other methods.
    pub fn parse(method: &Method, path: &'a str) -> Result<Self, Problem> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let (route, takes) = match path {
            "/api/alerts" => (Self::Alerts, "POST"),
            // GET too: there are schedulers that send nothing else.
            "/api/sweep" => (Self::Sweep, "POST, GET"),
            "/api/captures" => (Self::Captures, "GET, HEAD"),
            "/healthz" => (Self::Health, "GET, HEAD"),
            "/readyz" => (Self::Ready, "GET, HEAD"),
            _ => match path
                .strip_prefix("/api/captures/")
                .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            {
                Some((name, "summary")) if !name.is_empty() => (Self::Summary { name }, "GET, HEAD"),
                Some((name, "stop")) if !name.is_empty() => (Self::Stop { name }, "POST"),
                Some((name, "")) if !name.is_empty() && !path.ends_with('/') => match *method {
                    Method::DELETE => (Self::Delete { name }, OF_A_CAPTURE),
                    _ => (Self::Capture { name }, OF_A_CAPTURE),
                },
                _ => {
                    return Err(Problem::not_found(
                        "There is nothing under this path; ARCHITECTURE.md lists the paths.",
                    ));
                }
            },
        };
        if takes.split(", ").any(|word| word == method.as_str()) {
            Ok(route)
        } else {
            Err(Problem::method_not_allowed(takes))
        }
    }
}

/// The value of a query parameter, the first of its name.
#[must_use]
pub fn query(request: &Parts, name: &str) -> Option<String> {
    let query = request.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, path: &str) -> u16 {
        Route::parse(method, path).unwrap_err().into_response().status().as_u16()
    }

    #[test]
    fn every_path_has_its_route() {
        for (method, path, route) in [
            (Method::POST, "/api/alerts", Route::Alerts),
            (Method::POST, "/api/alerts/", Route::Alerts),
            (Method::POST, "/api/sweep", Route::Sweep),
            (Method::GET, "/api/sweep", Route::Sweep),
            (Method::GET, "/api/captures", Route::Captures),
            (Method::GET, "/api/captures/a.b-c", Route::Capture { name: "a.b-c" }),
            (Method::DELETE, "/api/captures/a", Route::Delete { name: "a" }),
            (Method::POST, "/api/captures/a/stop", Route::Stop { name: "a" }),
            (Method::GET, "/api/captures/a/summary", Route::Summary { name: "a" }),
            (Method::GET, "/healthz", Route::Health),
            (Method::HEAD, "/readyz", Route::Ready),
        ] {
            assert_eq!(Route::parse(&method, path).unwrap(), route);
        }
    }

    #[test]
    fn other_paths_are_404_and_other_methods_405() {
        for path in [
            "",
            "/",
            "/api",
            "/api/alertsx",
            "/api/captures/a/b",
            "/api/captures//stop",
            "/api/captures/a/stop/b",
            "/api/captures/a//",
            "/API/alerts",
        ] {
            assert_eq!(status(&Method::GET, path), 404, "{path}");
        }
        assert_eq!(status(&Method::GET, "/api/alerts"), 405);
        assert_eq!(status(&Method::POST, "/api/captures/x"), 405);
        assert_eq!(status(&Method::GET, "/api/captures/x/stop"), 405);
        let allow = Route::parse(&Method::PUT, "/api/sweep").unwrap_err().into_response();
        assert_eq!(allow.headers()["allow"], "POST, GET");
    }
}
