//! The machine's apt sources, read for one thing: which Debian mirror it uses.

use std::{fs, path::Path};

/// The Debian archives among the machine's apt sources, as URIs, each once, in the machine's order.
pub(super) fn debian_archives(etc_apt: &Path) -> Vec<String> {
    let mut files = vec![etc_apt.join("sources.list")];
    if let Ok(parts) = fs::read_dir(etc_apt.join("sources.list.d")) {
        let mut parts: Vec<_> = parts.filter_map(|part| Some(part.ok()?.path())).collect();
        parts.sort();
        files.extend(parts);
    }
    let mut uris = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let entries = match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => deb822(&text),
            Some("list") => one_line(&text),
            _ => continue,
        };
        for entry in entries.into_iter().filter(Entry::is_debian_archive) {
            for uri in entry.uris {
                if !uris.contains(&uri) {
                    uris.push(uri);
                }
            }
        }
    }
    uris
}

/// A URI without the name and password that some mirrors ask for.
pub(super) fn without_password(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => uri.to_owned(),
    }
}

/// One source of binary packages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    uris: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    signed_by: String,
}

impl Entry {
    /// The main archive, not the security one (which has no backports), and nobody else's.
    fn is_debian_archive(&self) -> bool {
        let is_named_debian = |uri: &String| {
            let last = uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            // Cloud images name a list of mirrors: mirror+file:///etc/apt/mirrors/debian.list
            last == "debian" || last == "debian.list"
        };
        let is_security = |suite: &String| suite.ends_with("-security") || suite.ends_with("/updates");
        self.components.iter().any(|component| component == "main")
            && !self.suites.iter().all(is_security)
            && (self.uris.iter().any(is_named_debian) || self.signed_by.contains("debian-archive-"))
    }
}

/// The format of `.sources` files: stanzas of `Field: values`.
fn deb822(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            entries.extend(stanza(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    entries
}

fn stanza(fields: &[(String, String)]) -> Option<Entry> {
    let words = |name: &str| -> Vec<String> {
        let value = fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value);
        value.split_whitespace().map(str::to_owned).collect()
    };
    let disabled = words("enabled").first().is_some_and(|word| ["no", "false", "0"].contains(&word.as_str()));
    let entry = Entry {
        uris: words("uris"),
        suites: words("suites"),
        components: words("components"),
        signed_by: words("signed-by").join(" "),
    };
    (!disabled && words("types").iter().any(|kind| kind == "deb")).then_some(entry)
}

/// The format of `.list` files: `deb [options] uri suite component…`.
fn one_line(text: &str) -> Vec<Entry> {
    text.lines().filter_map(one_entry).collect()
}

fn one_entry(line: &str) -> Option<Entry> {
    let line = line.split('#').next()?.trim().strip_prefix("deb")?;
    let rest = line.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    Some(Entry {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by: signed_by.unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archives(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sources.list.d")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        debian_archives(folder.path())
    }

    const DEB822: &str = "\
Types: deb
# http://snapshot.invalid/archive/debian/20250520T000000Z
URIs: http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.invalid/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";

    #[test]
    fn the_main_archive_is_found_in_a_sources_file_and_the_security_archive_is_not_taken_for_it() {
        assert_eq!(archives(&[("sources.list.d/debian.sources", DEB822)]), ["http://mirror.invalid/debian"]);
    }

    #[test]
    fn the_main_archive_is_found_in_a_one_line_list() {
        let text = "# deb http://old.invalid/debian trixie main\n\
                    deb-src http://source.invalid/debian trixie main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://mirror.invalid/debian/ trixie main contrib # ours\n\
                    deb http://mirror.invalid/debian-security trixie-security main\n";
        assert_eq!(archives(&[("sources.list", text)]), ["http://mirror.invalid/debian/"]);
    }

    #[test]
    fn other_peoples_archives_are_left_alone() {
        let list = "deb https://packages.invalid/apt cloud-sdk-bookworm main\n";
        let sources = "Types: deb\nURIs: https://deb.invalid/node_20.x\nSuites: nodistro\nComponents: main\n";
        let ubuntu = "deb http://archive.invalid/ubuntu noble main\n";
        let files = [
            ("sources.list", ubuntu),
            ("sources.list.d/a.list", list),
            ("sources.list.d/b.sources", sources),
        ];
        assert!(archives(&files).is_empty());
    }

    #[test]
    fn a_mirror_with_another_path_counts_by_the_keyring_that_signs_it() {
        let text = "Types: deb\nURIs: https://artifacts.invalid/remote/deb-main\nSuites: trixie\nComponents: main\n\
                    Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n";
        assert_eq!(
            archives(&[("sources.list.d/a.sources", text)]),
            ["https://artifacts.invalid/remote/deb-main"]
        );
    }

    #[test]
    fn a_disabled_entry_does_not_count() {
        let text = format!("Enabled: no\n{DEB822}");
        assert!(archives(&[("sources.list.d/debian.sources", &text)]).is_empty());
    }

    #[test]
    fn continued_lines_belong_to_their_field_and_each_mirror_is_named_once() {
        let text = "Types: deb\nURIs:\n http://one.invalid/debian\n http://two.invalid/debian\nSuites: trixie\n\
                    Components: main\n\nTypes: deb\nURIs: http://one.invalid/debian\nSuites: trixie-updates\nComponents: main\n";
        let uris = archives(&[("sources.list.d/a.sources", text)]);
        assert_eq!(uris, ["http://one.invalid/debian", "http://two.invalid/debian"]);
    }

    #[test]
    fn a_mirrors_password_is_not_shown() {
        assert_eq!(
            without_password("https://me:secret@mirror.invalid/debian"),
            "https://mirror.invalid/debian"
        );
        assert_eq!(without_password("http://mirror.invalid/debian"), "http://mirror.invalid/debian");
    }
}
