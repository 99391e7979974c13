//! tmp
use crate::support::{House, function, invocation, success};
use crate::unboxed::Unboxed;
use lanthorn_environment::start;
use std::sync::Arc;
#[tokio::test]
async fn bench() {
    for (rt, name, code) in [
        ("python3.12", "f.py", "def handler(e,c): return e\n"),
        ("nodejs20.x", "f.js", "exports.handler = async (e) => e;\n"),
    ] {
        let house = House::on_this_host(Arc::new(Unboxed));
        house.write(name, code);
        let handle = start(&house.rooms, Arc::new(function(rt, "f.handler")));
        for round in 0..3 {
            let t = std::time::Instant::now();
            for _ in 0..3000 {
                let mut i = invocation("{\"a\":1}");
                i.wants_log_tail = false;
                let c = handle.invoke(i).await.unwrap();
                success(&c);
                handle.ready().await;
            }
            eprintln!("{rt} round {round}: {:?} per call", t.elapsed() / 3000);
        }
        handle.retire();
        handle.gone().await;
    }
}
