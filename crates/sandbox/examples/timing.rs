//! How long a box takes: create, start a program, see it end, destroy. Medians and 99th percentiles of many.
//!
//! `cargo run -p lanthorn-sandbox --example timing -- [rounds]`

use std::time::{Duration, Instant};

use lanthorn_sandbox::{Exit, Launcher as _, Linux, Mount, Process, Spec, warden};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(200), |rounds| rounds.parse())?;
    let scratch = std::env::temp_dir().join(format!("lanthorn-timing-{}", std::process::id()));
    let began = Instant::now();
    let warden = warden::fork(&warden::Config::new(scratch.clone()))?;
    println!("warden forked and set up in {:?}", began.elapsed());

    let linux = Linux::new(warden);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        floor(rounds)?;
        for finding in linux.findings().await? {
            println!("{finding}");
        }
        measure("one after another, spares ready", &linux, rounds, Duration::from_millis(15)).await?;
        measure("one after another, without a pause", &linux, rounds, Duration::ZERO).await?;
        linux.close().await;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    std::fs::remove_dir_all(scratch)?;
    Ok(())
}

/// The same program without a box.
fn floor(rounds: usize) -> std::io::Result<()> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        std::process::Command::new("/usr/bin/true").status()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!("floor: run /usr/bin/true without a box, p50 {:.3?}", times[times.len() / 2]);
    Ok(())
}

async fn measure(title: &str, linux: &Linux, rounds: usize, pause: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let mut steps: [(&str, Vec<Duration>); 4] =
        ["create", "start", "run /usr/bin/true", "destroy"].map(|s| (s, vec![]));
    for _ in 0..rounds {
        tokio::time::sleep(pause).await;
        let mut last = Instant::now();
        let mut lap = |step: usize| {
            steps[step].1.push(last.elapsed());
            last = Instant::now();
        };
        let created = linux.create(spec()).await?;
        lap(0);
        let (_reader, writer) = std::io::pipe()?;
        let process = Process {
            name: "true".to_owned(),
            argv: vec!["/usr/bin/true".to_owned()],
            env: vec![],
            output: writer.into(),
            inherited: vec![],
        };
        let exited = created.sandbox.start(process).await?;
        lap(1);
        assert_eq!(exited.await?, Exit::Exited(0));
        lap(2);
        drop((created.runtime_api, created.endpoint));
        created.sandbox.destroy().await;
        lap(3);
    }
    println!("{title}, {rounds} rounds:");
    for (step, mut times) in steps {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("  {step:<18} p50 {:>9.3?}  p99 {:>9.3?}", at(50), at(99));
    }
    Ok(())
}

fn spec() -> Spec {
    Spec {
        label: "timing".to_owned(),
        mounts: vec![
            Mount { host: "/usr".into(), inside: "/var/lang".into() },
            Mount { host: "/etc".into(), inside: "/var/task".into() },
        ],
        memory_mib: 128,
        tmp_mib: 512,
        cpu_milli: 1000,
        pids_max: 1024,
    }
}
