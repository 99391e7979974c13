//! Memory, processes, `/tmp` and CPU time end where they should, and the host does not notice.

use std::time::{Duration, Instant};

use lanthorn_sandbox::{Enforced, Exit, Spec};
use libtest_mimic::Failed;

use crate::Test;
use crate::support::{Bench, PYTHON, expect, process, read_all, run_in, spec, wait};

pub(crate) const TESTS: &[Test] = &[
    ("too_much_memory_ends_the_process", too_much_memory_ends_the_process),
    ("memory_of_a_child_counts", memory_of_a_child_counts),
    ("the_peak_is_measured", the_peak_is_measured),
    ("a_fork_bomb_stays_in_its_box", a_fork_bomb_stays_in_its_box),
    ("tmp_is_as_large_as_asked_for", tmp_is_as_large_as_asked_for),
    ("a_full_tmp_is_not_memory", a_full_tmp_is_not_memory),
    ("cpu_time_is_shared_out", cpu_time_is_shared_out),
];

const MEMORY_HOG: &str = "x = bytearray(300 * 1024 * 1024); print('still here')";

fn too_much_memory_ends_the_process(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(Spec { memory_mib: 128, ..spec() }).await;
        let first = run_in(&*created.sandbox, &[PYTHON, "-c", MEMORY_HOG]).await;
        expect("300 MB of 128", first, (Exit::OutOfMemory, String::new()))?;
        // The box itself goes on, unless the kernel chose its init, and a kill of our own is told apart.
        if created.sandbox.reset().await.is_ok() {
            let (process, _reader) = process("sleeper", &["/usr/bin/sleep", "1000"]);
            let exited = created.sandbox.start(process).await?;
            created.sandbox.signal("sleeper", libc::SIGKILL).await;
            expect("killed by us", exited.await?, Exit::Signalled(libc::SIGKILL))?;
        }
        created.sandbox.destroy().await;
        Ok::<(), Failed>(())
    })?;
    let enough = bench.run(Spec { memory_mib: 512, ..spec() }, &[PYTHON, "-c", MEMORY_HOG]);
    expect("300 MB of 512", enough, (Exit::Exited(0), "still here\n".to_owned()))
}

fn memory_of_a_child_counts(bench: &Bench) -> Result<(), Failed> {
    let program = "import os, time\nif os.fork() == 0:\n  x = bytearray(300 * 1024 * 1024); time.sleep(1000)\nprint(os.wait()[1] & 127)";
    let (exit, output) = bench.run(Spec { memory_mib: 128, ..spec() }, &[PYTHON, "-c", program]);
    // With a cgroup the child alone is killed; without, all of the box is.
    let contained = exit == Exit::OutOfMemory || (exit == Exit::Exited(0) && output == "9\n");
    expect(&format!("{exit:?} {output}"), contained, true)
}

fn the_peak_is_measured(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(Spec { memory_mib: 512, ..spec() }).await;
        let program = "x = bytearray(100 * 1024 * 1024); import time; time.sleep(0.1)";
        let (exit, output) = run_in(&*created.sandbox, &[PYTHON, "-c", program]).await;
        expect(&output, exit, Exit::Exited(0))?;
        let peak_mib = created.sandbox.memory_peak_bytes().unwrap_or_default() >> 20;
        created.sandbox.destroy().await;
        expect(&format!("{peak_mib} MiB"), (100..200).contains(&peak_mib), true)
    })
}

fn a_fork_bomb_stays_in_its_box(bench: &Bench) -> Result<(), Failed> {
    let program = "import os, time\nn = 0\n\
        while True:\n  try:\n    if os.fork() == 0: time.sleep(1000)\n    n += 1\n  except OSError as e:\n    print(e.errno, n < 800, flush=True); break\n\
        os._exit(0)";
    wait(async {
        let created = bench.create(Spec { pids_max: 50, memory_mib: 1024, ..spec() }).await;
        let (process, reader) = process("bomb", &[PYTHON, "-c", program]);
        let exited = created.sandbox.start(process).await?;
        let exit = exited.await?;
        let reset = Instant::now();
        created.sandbox.reset().await?;
        let reset = reset.elapsed();
        // Only now is the last of them gone that held the pipe.
        expect("the bomb", (exit, read_all(reader).trim()), (Exit::Exited(0), "11 True"))?;
        let after = run_in(&*created.sandbox, &["/bin/echo", "alive"]).await;
        created.sandbox.destroy().await;
        expect("afterwards", after, (Exit::Exited(0), "alive\n".to_owned()))?;
        expect(&format!("reset took {reset:?}"), reset < Duration::from_secs(10), true)
    })
}

fn tmp_is_as_large_as_asked_for(bench: &Bench) -> Result<(), Failed> {
    let program = "import os, errno\nd = bytes(1 << 20); n = 0\n\
        try:\n  with open('/tmp/fill', 'wb', 0) as f:\n    while n < 200: n += f.write(d) / (1 << 20)\n\
        except OSError as e: print(errno.errorcode[e.errno], 62 <= n <= 66, n)\n\
        os.unlink('/tmp/fill'); open('/tmp/again', 'w').write('x'); print(os.listdir('/tmp'))";
    let spec = Spec { tmp_mib: 64, memory_mib: 256, ..spec() };
    let (exit, output) = bench.run(spec, &[PYTHON, "-c", program]);
    expect(&output, exit, Exit::Exited(0))?;
    expect(&output, output.starts_with("ENOSPC True"), true)?;
    expect(&output, output.ends_with("['again']\n"), true)
}

fn a_full_tmp_is_not_memory(bench: &Bench) -> Result<(), Failed> {
    if !matches!(bench.finding("/tmp of its own size").enforced, Enforced::Yes { .. }) {
        return Ok(());
    }
    let program =
        "d = bytes(1 << 20)\nwith open('/tmp/big', 'wb', 0) as f:\n  for _ in range(400): f.write(d)\nprint('written')";
    let (exit, output) = bench.run(Spec { tmp_mib: 512, memory_mib: 128, ..spec() }, &[PYTHON, "-c", program]);
    expect("400 MB in /tmp with 128 MB of memory", (exit, output.as_str()), (Exit::Exited(0), "written\n"))
}

fn cpu_time_is_shared_out(bench: &Bench) -> Result<(), Failed> {
    if !matches!(bench.finding("CPU share").enforced, Enforced::Yes { .. }) {
        return Ok(());
    }
    // Tells how many milliseconds of CPU time it got in half a second.
    let program = "import time\nb = time.monotonic(); c = time.process_time()\nwhile time.monotonic() - b < 0.5: pass\nprint(int((time.process_time() - c) * 1000))";
    wait(async {
        let created = bench.create(Spec { cpu_milli: 100, ..spec() }).await;
        let cpu_ms =
            async || -> u64 { run_in(&*created.sandbox, &[PYTHON, "-c", program]).await.1.trim().parse().unwrap() };
        let limited = cpu_ms().await;
        created.sandbox.set_cpu_milli(None).await?;
        let lifted = cpu_ms().await;
        created.sandbox.set_cpu_milli(Some(200)).await?;
        let limited_again = cpu_ms().await;
        created.sandbox.destroy().await;
        expect(&format!("a tenth of 500 ms: {limited}"), limited <= 100, true)?;
        expect(&format!("a fifth of 500 ms: {limited_again}"), limited_again <= 160, true)?;
        expect(&format!("more without a limit: {lifted}"), lifted > limited_again, true)
    })
}
