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
    /// `GET /api/captures/{name}/file`
    File {
        /// The same.
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
    /// `GET /`
    List,
    /// `GET /captures/{name}`
    Page {
        /// The same.
        name: &'a str,
    },
    /// `POST /captures/{name}/stop`
    StopForm {
        /// The same.
        name: &'a str,
    },
    /// `POST /captures/{name}/delete`
    DeleteForm {
        /// The same.
        name: &'a str,
    },
    /// `POST /sign-in`
    SignIn,
    /// `POST /sign-out`
    SignOut,
    /// `GET /assets/{name}`
    Asset {
        /// The asset's name.
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
/// What a path takes that is only seen.
const READ: &str = "GET, HEAD";
/// Below these are names.
const API: &str = "/api/captures/";
const PAGES: &str = "/captures/";
const ASSETS: &str = "/assets/";
const FOLDERS: [&str; 3] = [API, PAGES, ASSETS];

/// Whether a path is one that people open, so that they are told in words what is wrong with it.
#[must_use]
pub fn is_of_the_page(path: &str) -> bool {
    path == "/" || path.starts_with(PAGES) || path.starts_with("/sign-")
}

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
            "/api/captures" => (Self::Captures, READ),
            "/healthz" => (Self::Health, READ),
            "/readyz" => (Self::Ready, READ),
            "" => (Self::List, READ),
            "/sign-in" => (Self::SignIn, "POST"),
            "/sign-out" => (Self::SignOut, "POST"),
            _ => Self::below(method, path).ok_or_else(|| {
                Problem::not_found("There is nothing under this path; ARCHITECTURE.md lists the paths.")
            })?,
        };
        if takes.split(", ").any(|word| word == method.as_str()) {
            Ok(route)
        } else {
            Err(Problem::method_not_allowed(takes))
        }
    }

    /// The route of a path that has a name in it, and the methods that it takes.
    fn below(method: &Method, path: &'a str) -> Option<(Self, &'static str)> {
        let (folder, rest) = FOLDERS.iter().find_map(|folder| Some((*folder, path.strip_prefix(folder)?)))?;
        let (name, what) = rest.split_once('/').map_or((rest, None), |(name, what)| (name, Some(what)));
        if name.is_empty() {
            return None;
        }
        Some(match (folder, what) {
            (API, None) if *method == Method::DELETE => (Self::Delete { name }, OF_A_CAPTURE),
            (API, None) => (Self::Capture { name }, OF_A_CAPTURE),
            (API, Some("file")) => (Self::File { name }, READ),
            (API, Some("summary")) => (Self::Summary { name }, READ),
            (API, Some("stop")) => (Self::Stop { name }, "POST"),
            (PAGES, None) => (Self::Page { name }, READ),
            (PAGES, Some("stop")) => (Self::StopForm { name }, "POST"),
            (PAGES, Some("delete")) => (Self::DeleteForm { name }, "POST"),
            (ASSETS, None) => (Self::Asset { name }, READ),
            _ => return None,
        })
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
            (Method::GET, "/api/captures/a/file", Route::File { name: "a" }),
            (Method::HEAD, "/api/captures/a/file", Route::File { name: "a" }),
            (Method::DELETE, "/api/captures/a", Route::Delete { name: "a" }),
            (Method::POST, "/api/captures/a/stop", Route::Stop { name: "a" }),
            (Method::GET, "/api/captures/a/summary", Route::Summary { name: "a" }),
            (Method::GET, "/", Route::List),
            (Method::HEAD, "/", Route::List),
            (Method::GET, "/captures/a.b-c", Route::Page { name: "a.b-c" }),
            (Method::GET, "/captures/a/", Route::Page { name: "a" }),
            (Method::POST, "/captures/a/stop", Route::StopForm { name: "a" }),
            (Method::POST, "/captures/a/delete", Route::DeleteForm { name: "a" }),
            (Method::POST, "/sign-in", Route::SignIn),
            (Method::POST, "/sign-out", Route::SignOut),
            (Method::GET, "/assets/page.1.css", Route::Asset { name: "page.1.css" }),
            (Method::GET, "/healthz", Route::Health),
            (Method::HEAD, "/readyz", Route::Ready),
        ] {
            assert_eq!(Route::parse(&method, path).unwrap(), route);
        }
    }

    #[test]
    fn other_paths_are_404_and_other_methods_405() {
        for path in [
            "//",
            "/captures",
            "/captures/",
            "/captures//",
            "/captures/a//",
            "/captures/a/download",
            "/assets/",
            "/assets/a/b",
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
        for path in ["/sign-in", "/sign-out", "/captures/x/stop", "/captures/x/delete"] {
            assert_eq!(status(&Method::GET, path), 405, "{path}");
        }
        for path in ["/", "/captures/x", "/assets/x"] {
            assert_eq!(status(&Method::POST, path), 405, "{path}");
        }
        let allow = Route::parse(&Method::PUT, "/api/sweep").unwrap_err().into_response();
        assert_eq!(allow.headers()["allow"], "POST, GET");
    }
}
