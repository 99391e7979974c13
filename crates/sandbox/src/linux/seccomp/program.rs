//! From a table of verdicts to a program for the kernel's packet filter machine.
//!
//! ```text
//!   architecture ours? no ──► kill
//!        ▼
//!   number ≥ 210? ──yes──► number ≥ 300? …      a binary search: some eight comparisons to any verdict
//!        │ no
//!        ▼
//!   number ≥ 101? …  ──► allow │ refuse │ absent │ look at the arguments, then allow or refuse
//! ```
//!
//! The search is not for the calls' sake, most of which the kernel remembers as allowed, but for the start's: when
//! a filter is loaded the kernel runs it once for every number there is, and a list searched from its beginning
//! takes over a millisecond for that. Pure: tables in, instructions out.

use std::collections::BTreeMap;

use libc::sock_filter;

/// What to answer to a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Make it.
    Allow,
    /// `EPERM`.
    Refuse,
    /// `ENOSYS`.
    Absent,
    /// Make it if all conditions of one of the alternatives hold, else refuse it.
    Within(Vec<Vec<Condition>>),
}

/// A demand on the low 32 bits of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// Which argument, from 0.
    pub(super) argument: u8,
    /// The bits to look at.
    pub(super) mask: u32,
    /// What they must be.
    pub(super) value: u32,
}

/// A finished program.
pub(super) type Program = Vec<sock_filter>;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Offsets in the kernel's `struct seccomp_data`; its arguments are 64 bits wide, the low half first.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const GO: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// Compiles `verdicts`, by number; whatever is not among them is refused.
pub(super) fn compile(verdicts: &BTreeMap<u32, Verdict>) -> Program {
    let mut program = vec![
        plain(LOAD, ARCHITECTURE_AT),
        branch(IF_EQUAL, ARCHITECTURE, 1, 0),
        plain(ANSWER, KILL),
        plain(LOAD, NUMBER_AT),
    ];
    program.extend(search(&segments(verdicts)));
    program
}

/// The whole range of numbers as stretches of one verdict, each from the number told to the next one's.
fn segments(verdicts: &BTreeMap<u32, Verdict>) -> Vec<(u32, &Verdict)> {
    let mut segments: Vec<(u32, &Verdict)> = vec![(0, &Verdict::Refuse)];
    let mut begin = |number: u32, verdict| match segments.last_mut() {
        Some((_, last)) if *last == verdict => {}
        Some((from, last)) if *from == number => *last = verdict,
        _ => segments.push((number, verdict)),
    };
    for (&number, verdict) in verdicts {
        begin(number, verdict);
        let next = number + 1;
        if !verdicts.contains_key(&next) {
            begin(next, &Verdict::Refuse);
        }
    }
    segments
}

/// Finds the stretch that the loaded number is in, and answers its verdict.
fn search(segments: &[(u32, &Verdict)]) -> Program {
    if let [(_, verdict)] = segments {
        return answer(verdict);
    }
    let (lower, upper) = segments.split_at(segments.len() / 2);
    let (from, _) = upper[0];
    let (lower, upper) = (search(lower), search(upper));
    // A branch reaches 255 instructions, a jump all of them.
    let mut program = match u8::try_from(lower.len()) {
        Ok(length) => vec![branch(IF_AT_LEAST, from, length, 0)],
        Err(_) => vec![branch(IF_AT_LEAST, from, 0, 1), plain(GO, lower.len() as u32)],
    };
    program.extend(lower);
    program.extend(upper);
    program
}

fn answer(verdict: &Verdict) -> Program {
    match verdict {
        Verdict::Allow => vec![plain(ANSWER, ALLOW)],
        Verdict::Refuse => vec![plain(ANSWER, EPERM)],
        Verdict::Absent => vec![plain(ANSWER, ENOSYS)],
        Verdict::Within(alternatives) => {
            let mut program: Program = alternatives.iter().flat_map(|conditions| alternative(conditions)).collect();
            program.push(plain(ANSWER, EPERM));
            program
        }
    }
}

/// Allows if all `conditions` hold; else goes on behind.
fn alternative(conditions: &[Condition]) -> Program {
    const INSTRUCTIONS: usize = 3;
    let mut program = Program::new();
    for (at, condition) in conditions.iter().enumerate() {
        let behind = (conditions.len() - at - 1) * INSTRUCTIONS + 1;
        program.push(plain(LOAD, ARGUMENTS_AT + 8 * u32::from(condition.argument)));
        program.push(plain(AND, condition.mask));
        program.push(branch(IF_EQUAL, condition.value, 0, behind as u8));
    }
    program.push(plain(ANSWER, ALLOW));
    program
}

fn plain(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the kernel's machine answers, and after how many instructions.
    fn run(program: &[sock_filter], architecture: u32, number: u32, arguments: [u32; 6]) -> (u32, usize) {
        let (mut at, mut accumulator) = (0, 0);
        for steps in 1.. {
            let instruction = program[at];
            at += 1;
            match instruction.code {
                LOAD => {
                    accumulator = match instruction.k {
                        NUMBER_AT => number,
                        ARCHITECTURE_AT => architecture,
                        offset => arguments[((offset - ARGUMENTS_AT) / 8) as usize],
                    }
                }
                AND => accumulator &= instruction.k,
                IF_EQUAL => {
                    at += usize::from(if accumulator == instruction.k { instruction.jt } else { instruction.jf })
                }
                IF_AT_LEAST => {
                    at += usize::from(if accumulator >= instruction.k { instruction.jt } else { instruction.jf });
                }
                GO => at += instruction.k as usize,
                ANSWER => return (instruction.k, steps),
                code => panic!("no such instruction: {code}"),
            }
        }
        unreachable!("the kernel accepts forward jumps only")
    }

    fn expected(verdict: Option<&Verdict>, arguments: [u32; 6]) -> u32 {
        let holds =
            |condition: &Condition| arguments[usize::from(condition.argument)] & condition.mask == condition.value;
        match verdict {
            Some(Verdict::Allow) => ALLOW,
            Some(Verdict::Absent) => ENOSYS,
            Some(Verdict::Within(any)) if any.iter().any(|all| all.iter().all(holds)) => ALLOW,
            _ => EPERM,
        }
    }

    fn verdict() -> impl Strategy<Value = Verdict> {
        let condition =
            (0_u8..6, 0_u32..4, 0_u32..4).prop_map(|(argument, mask, value)| Condition { argument, mask, value });
        prop_oneof![
            4 => Just(Verdict::Allow),
            2 => Just(Verdict::Refuse),
            2 => Just(Verdict::Absent),
            1 => prop::collection::vec(prop::collection::vec(condition, 1..4), 1..6).prop_map(Verdict::Within),
        ]
    }

    proptest! {
        #[test]
        fn every_number_gets_its_verdict(
            verdicts in prop::collection::btree_map(0_u32..600, verdict(), 0..500),
            arguments: [u32; 6],
            small in prop::array::uniform6(0_u32..4),
        ) {
            let program = compile(&verdicts);
            for number in (0..610).chain([0x4000_0000, u32::MAX]) {
                for arguments in [arguments, small] {
                    let (answer, _) = run(&program, ARCHITECTURE, number, arguments);
                    prop_assert_eq!(answer, expected(verdicts.get(&number), arguments), "number {}", number);
                }
            }
            prop_assert_eq!(run(&program, ARCHITECTURE ^ 1, 0, arguments).0, KILL);
        }
    }

    #[test]
    fn a_verdict_is_found_in_few_steps() {
        let verdicts = (0..400).step_by(2).map(|number| (number, Verdict::Allow)).collect();
        let program = compile(&verdicts);
        let longest = (0..500).map(|number| run(&program, ARCHITECTURE, number, [0; 6]).1).max();
        assert!(longest <= Some(25), "{longest:?}");
    }
}
