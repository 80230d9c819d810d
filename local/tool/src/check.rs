//! `rules check`: problems as compilers tell them, or the rules in words.

use std::{
    fs, io,
    io::{Read, Write},
    path::Path,
    process::ExitCode,
};

use alertcap::rules::{Problem, Rules, parse::MAX_BYTES};

use crate::words;

/// So much of a line is shown around a problem.
const SHOWN_CHARS: usize = 140;

/// Checks the rules in a file and tells the result on stdout.
pub(crate) fn run(file: &Path, receivers: &[String]) -> ExitCode {
    let is_stdin = file == Path::new("-");
    let name = if is_stdin { "stdin".to_owned() } else { file.display().to_string() };
    let text = match read(file, is_stdin) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: cannot read {name}: {error}");
            return ExitCode::from(2);
        }
    };
    let receivers: Vec<&str> = receivers.iter().map(String::as_str).collect();
    let (told, code) = match Rules::parse(&text, &receivers) {
        Ok(rules) => (words::rules(&rules), ExitCode::SUCCESS),
        Err(problems) => {
            let told = problems.iter().map(|problem| show(&name, &text, problem)).collect();
            (told, ExitCode::FAILURE)
        }
    };
    // A reader that has seen enough (`| head`) is no failure.
    match io::stdout().write_all(told.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write the result: {error}");
            ExitCode::from(2)
        }
        _ => code,
    }
}

fn read(file: &Path, is_stdin: bool) -> io::Result<String> {
    // A byte more than what rules can have is enough to see that it is too much.
    let most = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if is_stdin {
        io::stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // Cut within a character: it is too long anyway.
        Err(error) if error.as_bytes().len() > MAX_BYTES => Ok("#".repeat(MAX_BYTES + 1)),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")),
    }
}

/// `FILE:line:column: message`, the line itself and a caret under the place.
fn show(name: &str, text: &str, problem: &Problem) -> String {
    let Problem { line, column, message } = problem;
    let number = line.to_string();
    // Editors show a tab as it pleases them, and a terminal obeys other control characters.
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let whole: Vec<char> = text.split('\n').nth(line - 1).unwrap_or_default().trim_end().chars().collect();
    let skipped = if whole.len() > SHOWN_CHARS { (column - 1).saturating_sub(SHOWN_CHARS / 2) } else { 0 };
    let shown: String = whole.iter().skip(skipped).take(SHOWN_CHARS).map(|c| plain(*c)).collect();
    let margin = " ".repeat(number.len());
    let caret = " ".repeat(column - 1 - skipped) + "^";
    format!("{name}:{line}:{column}: {message}\n  {number} | {}\n  {margin} | {caret}\n", shown.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let problem = Problem { line: 2, column: 6, message: "no".to_owned() };
        let shown = show("r.toml", "x\n\tä = \u{1b}1\r\ny", &problem);
        assert_eq!(shown, "r.toml:2:6: no\n  2 |  ä =  1\n    |      ^\n");
    }

    #[test]
    fn of_a_long_line_only_the_part_around_the_place_is_shown() {
        let text = "a".repeat(500) + "!" + &"b".repeat(500);
        let shown = show("r.toml", &text, &Problem { line: 1, column: 501, message: String::new() });
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].len() < 160);
        assert_eq!(lines[1].find('!'), lines[2].find('^'));
    }
}
