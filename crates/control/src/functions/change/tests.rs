//! How settings land on what is there.

use super::*;

fn base() -> Configuration {
    let role = "arn:aws:iam::000000000000:role/r".parse().expect("a role");
    defaults("python3.12".parse().expect("a runtime"), "index.handler".to_owned(), role, Architecture::X86_64)
}

fn logging(format: Option<LogForm>, application: Option<&str>, group: Option<&str>) -> ConfigurationChange {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let change =
        LoggingChange { format, application_level: owned(application), system_level: None, group: owned(group) };
    ConfigurationChange { logging: Some(change), ..ConfigurationChange::default() }
}

fn json(application: &str, system: &str, group: Option<&str>) -> Logging {
    let format = LogFormat::Json { application: application.to_owned(), system: system.to_owned() };
    Logging { format, group: group.map(str::to_owned) }
}

/// Applies `changes` one after another and compares what LoggingConfig has become.
#[track_caller]
fn check_logging(changes: &[ConfigurationChange], expected: Result<Logging, ConfigurationRefused>) {
    let applied = changes.iter().try_fold(base(), |configuration, change| change.clone().apply(configuration));
    assert_eq!(applied.map(|configuration| configuration.logging), expected);
}

#[test]
fn logging_is_merged_member_by_member() {
    // Recorded: `test_function_partial_advanced_logging_configuration_update`.
    check_logging(&[logging(Some(LogForm::Json), None, None)], Ok(json("INFO", "INFO", None)));
    check_logging(&[logging(Some(LogForm::Json), Some("DEBUG"), None)], Ok(json("DEBUG", "INFO", None)));
    let then_group = [logging(Some(LogForm::Json), Some("DEBUG"), None), logging(None, None, Some("cool"))];
    check_logging(&then_group, Ok(json("DEBUG", "INFO", Some("cool"))));
}

#[test]
fn plain_lines_have_no_levels() {
    check_logging(&[logging(None, Some("DEBUG"), None)], Err(ConfigurationRefused::LogLevelOfText));
    let back = [logging(Some(LogForm::Json), Some("DEBUG"), Some("g")), logging(Some(LogForm::Text), None, None)];
    check_logging(&back, Ok(Logging { format: LogFormat::Text, group: Some("g".to_owned()) }));
}

#[test]
fn what_is_not_named_stays() {
    let variables = BTreeMap::from([("A".to_owned(), "a".to_owned())]);
    let first = ConfigurationChange {
        memory_mib: Some(512),
        environment: Some(variables.clone()),
        ..ConfigurationChange::default()
    };
    let second = ConfigurationChange { description: Some("new".to_owned()), ..ConfigurationChange::default() };
    let applied = second.apply(first.apply(base()).expect("nothing to refuse")).expect("nothing to refuse");
    let expected =
        Configuration { memory_mib: 512, environment: Some(variables), description: "new".to_owned(), ..base() };
    assert_eq!(applied, expected);
}

#[test]
fn environment_variables_are_replaced_as_a_whole() {
    let set = |pairs: &[(&str, &str)]| ConfigurationChange {
        environment: Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        ..ConfigurationChange::default()
    };
    let applied = set(&[("B", "b")]).apply(set(&[("A", "a")]).apply(base()).expect("fine")).expect("fine");
    assert_eq!(applied.environment, set(&[("B", "b")]).environment);
}
