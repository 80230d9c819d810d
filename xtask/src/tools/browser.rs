//! What the page is looked at with: Chromium, the machine's own if there is one, else Debian's below the target folder,
//! and the driver that a test says by what to click.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};

use super::{debs::Packages, wheels::Wheels};
use crate::{
    run::{Show, run},
    ui,
    workspace::on_path,
};

/// What it is called where it is installed, the one that the tests were made with first.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// Where macOS has it: on no PATH.
const OF_MACOS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Two kinds of letters: the second has those that are missing in the first.
const LETTERS: [&str; 2] = ["fonts-liberation", "fonts-dejavu-core"];
const CHROMIUM: Packages = Packages {
    name: "chromium",
    packages: &["chromium", LETTERS[0], LETTERS[1]],
    programs: &["usr/lib/chromium/chromium"],
    variables: &[],
};
/// For a Chromium of the machine's own: pictures shall look the same.
const FONTS: Packages = Packages { name: "fonts", packages: &LETTERS, programs: &[], variables: &[] };

const NODE: &str = "playwright/driver/node";
const WHEELS: Wheels = Wheels {
    name: "playwright",
    requirements: include_str!("playwright.txt"),
    files: &[NODE, "axe_playwright_python/axe.min.js"],
};

/// A browser and its driver.
pub(super) struct Browser {
    chromium: PathBuf,
    /// Settings that lead to its letters, if not the machine's.
    fonts: Option<PathBuf>,
    /// A folder with Python's modules, and axe in one of them.
    playwright: PathBuf,
}

impl Browser {
    /// Both, fetched where they are not there.
    pub(super) fn ensure(tools: &Path) -> Result<Self> {
        let playwright = driver(tools)?;
        let (chromium, bin) = if let Some(chromium) = installed() {
            // Where there is no Debian to have them from, it draws with what letters there are.
            (chromium, FONTS.ensure(tools).ok())
        } else {
            let bin = CHROMIUM.ensure(tools).context(
                "there is no Chromium on the PATH, and Debian's could not be fetched: install it (Debian: `apt-get \
                 install chromium`, macOS: `brew install chromium`)",
            )?;
            (bin.join("chromium"), Some(bin))
        };
        ui::done(format!("{} is there", chromium.display()));
        let fonts = bin.map(|bin| {
            let fonts = tools.join("fonts.conf");
            let written = fs::write(&fonts, fonts_in(&bin.with_file_name("usr/share/fonts")));
            written.with_context(|| format!("cannot write {}", fonts.display())).map(|()| fonts)
        });
        Ok(Self { chromium, fonts: fonts.transpose()?, playwright })
    }

    /// Tells the tests where they are.
    pub(super) fn tell(&self, tests: &mut Command) {
        tests.env("ALERTCAP_CHROMIUM_BIN", &self.chromium).env("ALERTCAP_PLAYWRIGHT", &self.playwright);
        if let Some(fonts) = &self.fonts {
            tests.env("ALERTCAP_FONTS", fonts);
        }
    }
}

fn driver(tools: &Path) -> Result<PathBuf> {
    let kept = tools.join(WHEELS.name);
    if kept.exists() && !loads(&kept) {
        // One of its modules is made for one version of Python, and this machine's is another now.
        fs::remove_dir_all(&kept).with_context(|| format!("cannot remove {}", kept.display()))?;
    }
    WHEELS.ensure(tools, |fetched, step| {
        // Not every wheel says that its program is one.
        fs::set_permissions(fetched.join(NODE), fs::Permissions::from_mode(0o755))?;
        run(&mut importing(fetched), step, Show::Note, Duration::from_secs(60)).map(drop)
    })
}

fn loads(folder: &Path) -> bool {
    importing(folder).output().is_ok_and(|said| said.status.success())
}

fn importing(folder: &Path) -> Command {
    let mut python = Command::new("python3");
    python.args(["-c", "import greenlet"]).env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

fn installed() -> Option<PathBuf> {
    let of_macos = || OF_MACOS.iter().map(PathBuf::from).find(|file| file.is_file());
    NAMES.iter().find_map(|name| on_path(name)).or_else(|| of_macos().filter(|_| env::consts::OS == "macos"))
}

/// Settings by which the same letters are drawn on every machine, whatever it has itself.
fn fonts_in(folder: &Path) -> String {
    let folder = folder.display().to_string().replace('&', "&amp;").replace('<', "&lt;");
    format!(
        r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="strong"><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
  <match><edit name="family" mode="append_last"><string>Liberation Sans</string></edit></match>
</fontconfig>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::{super::wheels::hashes, *};

    #[test]
    fn the_driver_is_pinned_for_each_system_and_what_it_loads_for_each_python() {
        let hashes = hashes(WHEELS.requirements);
        assert_eq!(hashes.iter().map(Vec::len).collect::<Vec<_>>(), [4, 15, 1]);
        assert!(hashes.iter().flatten().all(|hash| hash.len() == 64), "{hashes:?}");
    }

    #[test]
    fn the_letters_are_those_of_the_folder_and_their_kinds_have_names() {
        let settings = fonts_in(Path::new("/a&b/fonts"));
        assert!(settings.contains("<dir>/a&amp;b/fonts</dir>"), "{settings}");
        assert!(
            settings.contains("<family>monospace</family><prefer><family>Liberation Mono<"),
            "{settings}"
        );
        assert!(settings.contains("<string>Liberation Sans</string>"), "{settings}");
    }
}
