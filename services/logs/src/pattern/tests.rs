//! What matches what. The rules are those of the user guide; where it is silent, they are as AWS was seen to answer
//! `FilterLogEvents` and `TestMetricFilter` in September 2026, and the test's name says *recorded*.

use proptest::prelude::*;

use super::{InvalidPattern, Pattern};

/// The messages of `corpus` that `pattern` matches are those at `expected`.
#[track_caller]
fn check(pattern: &str, corpus: &[&str], expected: &[usize]) {
    let parsed: Pattern = pattern.parse().unwrap_or_else(|e| panic!("{pattern}: {e}"));
    let matched: Vec<usize> =
        corpus.iter().enumerate().filter(|(_, message)| parsed.matches(message)).map(|(at, _)| at).collect();
    assert_eq!(matched, expected, "{pattern}");
}

#[track_caller]
fn refused(pattern: &str, text: &str) {
    let error = pattern.parse::<Pattern>().map(|_| ()).expect_err(pattern);
    assert_eq!(error.to_string(), text, "{pattern}");
}

const LINES: &[&str] = &[
    "WARN disk almost full",
    "WARN retry",
    "FATAL disk gone",
    "warn disk",
    "FOREWARNED",
    "WARN\ndisk",
    "almost  full",
    "quiet",
    "he said \"so what\"",
    "so-what",
];

#[test]
fn terms_are_found_anywhere_in_their_case() {
    check("WARN", LINES, &[0, 1, 4, 5]);
    check("WARN disk", LINES, &[0, 5]);
    check("disk WARN", LINES, &[0, 5]);
    check("WARN -disk", LINES, &[1, 4]);
    check("-WARN -disk", LINES, &[6, 7, 8, 9]);
}

#[test]
fn phrases_are_exact() {
    check("\"almost full\"", LINES, &[0]);
    check("WARN -\"almost full\"", LINES, &[1, 4, 5]);
    check("\"so-what\"", LINES, &[9]);
    check(r#""said \"so""#, LINES, &[8]);
}

#[test]
fn optional_terms_count_only_among_themselves_as_recorded() {
    check("?FATAL ?retry", LINES, &[1, 2]);
    check("?FATAL ?retry disk", LINES, &[0, 2, 3, 5]);
    check("?FATAL ?retry -disk", LINES, &[1, 4, 6, 7, 8, 9]);
}

#[test]
fn nothing_matches_everything_but_a_quoted_blank_wants_one_as_recorded() {
    let all: Vec<usize> = (0..LINES.len()).collect();
    check("", LINES, &all);
    check("  ", LINES, &all);
    check("\" \"", LINES, &[0, 1, 2, 3, 6, 8]);
}

#[test]
fn regular_expressions_are_terms() {
    check(r"%^WARN\s[a-z]{4}$%", LINES, &[5]);
    check("%FATAL|retry%", LINES, &[1, 2]);
    check("%[dD]isk% -%gone$%", LINES, &[0, 3, 5]);
    refused("%^(WARN|FATAL)%", "Invalid character(s) in term '%^('");
    refused("%a% %b% %c%", "Your input has exceeded the maximum of 2 regular expressions per filter pattern.");
}

const VALUES: &[&str] = &[
    "{}",                       // 0
    r#"{"n":null}"#,            // 1
    r#"{"n":true}"#,            // 2
    r#"{"n":false}"#,           // 3
    r#"{"n":"true"}"#,          // 4
    r#"{"n":7}"#,               // 5
    r#"{"n":7.0}"#,             // 6
    r#"{"n":70e-1}"#,           // 7
    r#"{"n":"7"}"#,             // 8
    r#"{"n":"7.0"}"#,           // 9
    r#"{"n":-7}"#,              // 10
    r#"{"n":8.5}"#,             // 11
    r#"{"n":"8.5"}"#,           // 12
    r#"{"n":"lamp"}"#,          // 13
    r#"{"n":"lamplight"}"#,     // 14
    r#"{"n":"headlamp"}"#,      // 15
    r#"{"n":"LAMP"}"#,          // 16
    r#"{"n":""}"#,              // 17
    r#"{"n":[]}"#,              // 18
    r#"{"n":{}}"#,              // 19
    r#"{"n":[7,"lamp",null]}"#, // 20
    r#"{"n":7,"n":8}"#,         // 21
    r#"{"n":8,"n":7}"#,         // 22
    "n = 7",                    // 23
    r#"[{"n":7}]"#,             // 24
    r#"{"n":7"#,                // 25
];

#[test]
fn json_numbers_compare_by_value_and_strings_by_spelling_as_recorded() {
    check("{ $.n = 7 }", VALUES, &[5, 6, 7, 8, 22]);
    check("{ $.n = -7 }", VALUES, &[10]);
    check("{ $.n = 7e+0 }", VALUES, &[5, 6, 7, 22]);
    check("{ $.n > 7 }", VALUES, &[11, 21]);
    check("{ $.n <= 7 }", VALUES, &[5, 6, 7, 10, 22]);
    check(r#"{ $.n = "7" }"#, VALUES, &[5, 8, 22]);
    check(r#"{ $.n = "lamp" }"#, VALUES, &[13]);
    check("{ $.n = lamp }", VALUES, &[13]);
}

#[test]
fn only_strings_and_numbers_can_differ_as_recorded() {
    check("{ $.n != 7 }", VALUES, &[4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 21]);
    check("{ $.n = * }", VALUES, &[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 21, 22]);
    check("{ $.n = true }", VALUES, &[4]);
}

#[test]
fn an_asterisk_at_either_end_stands_for_anything() {
    check(r#"{ $.n = "lamp*" }"#, VALUES, &[13, 14]);
    check(r#"{ $.n = "*lamp" }"#, VALUES, &[13, 15]);
    check(r#"{ $.n = *amp* }"#, VALUES, &[13, 14, 15]);
    check("{ $.n = %^lamp.*% }", VALUES, &[13, 14]);
    check("{ $.ip != 10.0.* }", &[r#"{"ip":"10.0.3.4"}"#, r#"{"ip":"10.1.3.4"}"#, "{}"], &[1]);
}

#[test]
fn null_and_missing_are_two_things_as_recorded() {
    check("{ $.n IS NULL }", VALUES, &[1, 20]);
    check("{ $.n IS TRUE }", VALUES, &[2]);
    check("{ $.n IS FALSE }", VALUES, &[3]);
    check("{ $.n NOT EXISTS }", VALUES, &[0]);
}

const ORDERS: &[&str] = &[
    r#"{"order":{"state":"paid"},"order.state":"flat","lines":[{"sku":1,"qty":0},{"sku":0,"qty":2}],"tags":["new","gift"],"grid":[[5,6],[7,8]]}"#,
    r#"{"order":{"state":"open"},"lines":[{"sku":1,"qty":2}],"tags":["gift"],"total":3}"#,
    r#"{"order":[{"state":"paid"}],"tags":{"first":"gift"},"total":4,"rush":1}"#,
    r#"{"order":"gift","tags":[["gift"]],"total":3,"rush":1}"#,
];

#[test]
fn selectors_lead_into_objects_and_arrays_as_recorded() {
    check(r#"{ $.order.state = "paid" }"#, ORDERS, &[0]);
    check(r#"{ $.['order.state'] = "flat" }"#, ORDERS, &[0]);
    check(r#"{ $.tags[0] = "gift" }"#, ORDERS, &[1]);
    check(r#"{ $.tags[1] = "gift" }"#, ORDERS, &[0]);
    check("{ $.grid[1][0] = 7 }", ORDERS, &[0]);
    check(r#"{ $.tags[*] = "gift" }"#, ORDERS, &[0, 1, 2]);
    check(r#"{ $.* = "gift" }"#, ORDERS, &[3]);
    check("{ $.lines[*].sku = 1 && $.lines[*].qty = 2 }", ORDERS, &[0, 1]);
}

#[test]
fn and_binds_closer_than_or() {
    check("{ $.tags[1] = gift || $.total = 3 && $.rush = 1 }", ORDERS, &[0, 3]);
    check("{ ($.tags[1] = gift || $.total = 3) && $.rush = 1 }", ORDERS, &[3]);
    check("{ ( ($.total = 4) ) }", ORDERS, &[2]);
}

#[test]
fn a_json_message_may_end_in_a_newline() {
    check("{ $.level = ERROR }", &["{\"level\":\"ERROR\"}\n"], &[0]);
}

const ACCESS: &[&str] = &[
    r#"10.0.0.1 - ada [15/Jan/2027:08:00:00 +0000] "GET /a.html HTTP/1.1" 404 2100"#,
    r#"10.0.0.2 - bob [15/Jan/2027:08:00:01 +0000] "GET /b.html HTTP/1.1" 200 90"#,
    r#"10.0.0.3  -  ada [15/Jan/2027:08:00:02 +0000] "PUT /c HTTP/1.1" 410 15 late"#,
    "10.0.0.4\t-\tada\t[15/Jan/2027:08:00:03 +0000]\t\"GET /d.html HTTP/1.1\"\t500\t3000",
    "FATAL no disk",
    "NOTE all well",
    "FATAL",
    "FATAL \"no disk\"",
    "FATAL \"no end",
];

#[test]
fn the_last_field_takes_the_rest_as_recorded() {
    check("[ip, id, user, time, request, status, bytes]", ACCESS, &[0, 1, 2, 3]);
    check("[ip, id, user, time, request, status >= 400, bytes > 1000]", ACCESS, &[0, 3]);
    check("[word=FATAL, rest]", ACCESS, &[4, 7, 8]);
    check("[word=FATAL]", ACCESS, &[6]);
    check("[word=FATAL, rest=\"no disk\"]", ACCESS, &[4, 7]);
    check("[word!=FATAL && word!=NOTE, rest]", ACCESS, &[0, 1, 2, 3]);
    check("[word=FATAL || Word=NOTE, rest]", ACCESS, &[4, 5, 7, 8]);
    check("[word = FAT* && (word != FATE || word = NOTE), rest]", ACCESS, &[4, 7, 8]);
}

#[test]
fn fields_behind_an_ellipsis_count_from_the_end_as_recorded() {
    check("[..., request = *.html*, status = 4*, bytes]", ACCESS, &[0]);
    check("[..., request=*.html*, status=4*,]", ACCESS, &[0]);
    check("[..., status = 404 || status = 500, bytes]", ACCESS, &[0, 3]);
    check("[ip = %10\\.0\\.0\\.[1-2]%, ...]", ACCESS, &[0, 1]);
    check("[word, ..., last = late]", ACCESS, &[2]);
}

#[test]
fn what_is_no_pattern_is_refused_in_awss_words() {
    refused("\"lamp", "Invalid character(s) in term '\"lamp'");
    refused("me@here", "Invalid character(s) in term 'me@here'");
    refused("\"\"", "Invalid character(s) in term '\"\"'");
    refused("{ $.n EXISTS }", "Invalid filter pattern");
    refused("{ $.n IS NOT NULL }", "Invalid filter pattern");
    refused("{ $.n == 7 }", "Invalid filter pattern");
    refused("{ $.n = null }", "Invalid filter pattern");
    refused("{ !($.n = 7) }", "Invalid character(s) in term '!('");
    refused("{ $.n > 0 AND $.n < 9 }", "Invalid filter pattern");
    refused("{ \"n\": [7] }", "Invalid character(s) in term ':'");
    refused("{ $.n > \"lamp\" }", "Invalid character(s) in term '\"lamp\"'");
    refused("{ $.n = %(a|b)% }", "Invalid character(s) in term '%('");
    refused("{ $..n = 7 }", "Invalid character(s) in term '$..'");
    refused("{ $.n[-2] = 7 }", "Invalid character(s) in term '[-'");
    refused("{ $.n[1:3] = 7 }", "Invalid character(s) in term '[1:'");
    refused("[..., a, ...]", "Duplicate field '...'");
    refused("[a, b, a]", "Duplicate field 'a'");
    refused("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'");
    refused("[a, b", "If a filter pattern starts with '[' it must end with ']'");
    refused("{}", "Invalid filter pattern");
    refused("[a==b, c]", "Invalid filter pattern");
    refused("[a=b OR a=c, d]", "Invalid filter pattern");
    refused(
        "{ $.a[*].* = 7 }",
        "Your filter pattern has a JSON path selector that exceeds the maximum of 1 wildcard allowed per json selector.",
    );
    refused(
        "{ $.a[*] = 1 || $.b[*].c = 1 || $.* = 1 || $.d[*][0] = 1 }",
        "Your input has exceeded the maximum of 3 JSON wildcard selectors allowed per filter pattern.",
    );
    refused(
        "{ $.n = %a% || $.n = %b% || $.n = %c% }",
        "Your input has exceeded the maximum of 2 regular expressions per filter pattern.",
    );
}

#[test]
fn deep_nesting_is_refused_before_the_stack_is() {
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(400), ")".repeat(400));
    assert_eq!(deep.parse::<Pattern>().map(|_| ()), Err(InvalidPattern::Syntax));
}

proptest! {
    /// No text, and no message, brings the parser or the matcher down.
    #[test]
    fn any_text_is_a_pattern_or_refused(pattern in "[ -~é*%\"\\[\\]{}$.]{0,60}", message in ".{0,60}") {
        if let Ok(pattern) = pattern.parse::<Pattern>() {
            let _ = pattern.matches(&message);
        }
    }

    /// The same, from parts that more often make sense.
    #[test]
    fn any_mix_of_tokens_is_a_pattern_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "$.a", "$.b[0]", "$.*", "$.c[*].d", "=", "!=", ">", "<=", "&&", "||", "(", ")", "1", "-2e3",
            "\"x*\"", "%a|b%", "IS", "NULL", "NOT", "EXISTS", "name", ",", "...", " ",
        ]), 0..14),
        message in prop::sample::select(ORDERS.iter().chain(ACCESS).copied().collect::<Vec<_>>()),
    ) {
        if let Ok(pattern) = parts.concat().parse::<Pattern>() {
            let _ = pattern.matches(message);
        }
    }

    /// Bare words are looked for anywhere, all of them, and none of the excluded.
    #[test]
    fn terms_agree_with_plain_search(
        required in prop::collection::vec("[a-c]{1,2}", 0..3),
        excluded in prop::collection::vec("[a-c]{1,2}", 0..3),
        message in "[a-c ]{0,12}",
    ) {
        prop_assume!(!required.is_empty() || !excluded.is_empty());
        let terms: Vec<String> =
            required.iter().cloned().chain(excluded.iter().map(|term| format!("-{term}"))).collect();
        let pattern: Pattern = terms.join(" ").parse().expect("bare words");
        let expected = required.iter().all(|term| message.contains(term.as_str()))
            && !excluded.iter().any(|term| message.contains(term.as_str()));
        prop_assert_eq!(pattern.matches(&message), expected);
    }

    /// A number compares as a number, whichever way both sides are written.
    #[test]
    fn json_numbers_compare_as_numbers(left in -1000i32..1000, right in -1000i32..1000) {
        let message = format!("{{\"n\":{left}.0}}");
        for (operator, expected) in [
            ("=", left == right), ("!=", left != right), ("<", left < right),
            ("<=", left <= right), (">", left > right), (">=", left >= right),
        ] {
            let pattern: Pattern = format!("{{ $.n {operator} {right} }}").parse().expect("a comparison");
            prop_assert_eq!(pattern.matches(&message), expected, "{} {} {}", left, operator, right);
        }
    }

    /// Any text can be asked for by quoting it.
    #[test]
    fn a_quoted_term_finds_itself(text in "[ -~]{1,20}", around in "[ -~]{0,5}") {
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let pattern: Pattern = quoted.parse().expect("a quoted term");
        let message = format!("{around}{text}{around}");
        prop_assert!(pattern.matches(&message));
    }
}
