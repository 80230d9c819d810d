//! Which names of variables Spin takes.
//!
//! A name that Spin refuses is refused here too, before the host is asked: a component must not find out only on Spin
//! that a name of its own is none.

/// Why this is no name of a variable, in Spin's words.
pub fn problem(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let other = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_'));
    let reason = if name.is_empty() {
        "must not be empty"
    } else if other.is_some() {
        ". Variable names may contain only lower-case letters, numbers, and underscores."
    } else if !bytes.first().is_some_and(u8::is_ascii_lowercase) {
        "must start with a lowercase ASCII letter"
    } else if bytes.last() == Some(&b'_') {
        "must end with a lowercase ASCII letter or digit"
    } else if bytes.windows(2).any(|two| two == b"__") {
        "must not contain multiple consecutive underscores"
    } else {
        return None;
    };
    let mut words = String::from("\"");
    words.push_str(name);
    words.push_str("\": ");
    if let Some(other) = other {
        words.push_str("invalid character '");
        words.push(other);
        words.push('\'');
    }
    words.push_str(reason);
    Some(words)
}

/// Where a variable stands in the environment: `SPIN_VARIABLE_TENANT_ID` is `tenant_id`.
pub fn in_environment(name: &str) -> String {
    let mut variable = String::from("SPIN_VARIABLE_");
    variable.push_str(&name.to_ascii_uppercase());
    variable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_spin_takes_are_taken() {
        for name in ["a", "tenant_id", "a1", "x_9_y", "webhook_key"] {
            assert_eq!(problem(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_spin_refuses_are_refused_in_its_words() {
        let letters = "Variable names may contain only lower-case letters, numbers, and underscores.";
        let said = [
            ("", r#""": must not be empty"#.to_owned()),
            ("Tenant", format!(r#""Tenant": invalid character 'T'. {letters}"#)),
            ("tenant-id", format!(r#""tenant-id": invalid character '-'. {letters}"#)),
            ("größe", format!(r#""größe": invalid character 'ö'. {letters}"#)),
            ("1st", r#""1st": must start with a lowercase ASCII letter"#.to_owned()),
            ("_x", r#""_x": must start with a lowercase ASCII letter"#.to_owned()),
            ("x_", r#""x_": must end with a lowercase ASCII letter or digit"#.to_owned()),
            ("a__b", r#""a__b": must not contain multiple consecutive underscores"#.to_owned()),
        ];
        for (name, words) in said {
            assert_eq!(problem(name), Some(words));
        }
    }

    #[test]
    fn a_name_stands_in_the_environment_as_spin_has_it() {
        assert_eq!(in_environment("tenant_id"), "SPIN_VARIABLE_TENANT_ID");
    }
}
