//! `catalogd launches`: what was launched, whoever did.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use serde_json::Value;

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_was_launched_is_listed_with_whose_it_is() {
    let bench = Bench::small(Profile::Instant).await;
    let launches = async |more: &[&str]| {
        let all: Vec<&str> = ["launches", "--pace", "none"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        bench.run(&all).await
    };
    launches(&[])
        .await
        .expect(0)
        .says("0 provisioned products, 0 of them ours.");
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0);
    let writes = bench.writes();
    let said = launches(&[]).await.expect(0);
    let said = said.says("1 provisioned product, 1 of them ours.");
    assert!(said.stdout.contains("  provisioned-product/"), "{said}");
    assert!(said.stdout.starts_with("NAME"), "{said}");

    // To another installation it is another's.
    let text = launches(&["--installation", "other", "--format", "json"])
        .await
        .expect(0)
        .stdout;
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["version"], 1);
    let all = json["launches"].as_array().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (&all[0]["owner"], &all[0]["manifest"]),
        (&"another".into(), &Value::Null)
    );
    assert!(
        all[0]["owner_tag"]
            .as_str()
            .unwrap()
            .starts_with("default/"),
        "{text}"
    );
    assert_eq!(all[0]["status"], "AVAILABLE");
    assert!(
        all[0]["launched_by"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:"),
        "{text}"
    );
    assert!(all[0]["since"].is_string(), "{text}");

    let product = all[0]["product"]["name"].as_str().unwrap();
    launches(&["--product", product])
        .await
        .expect(0)
        .says("1 provisioned product,");
    launches(&["--product", "none"])
        .await
        .expect(0)
        .says("0 provisioned products,");
    assert_eq!(bench.writes(), writes, "nothing is written to AWS");

    let denied = Rule::always(Effect::AccessDenied).on("SearchProvisionedProducts");
    let _ = bench.emulator.inject(denied);
    launches(&[])
        .await
        .expect(4)
        .notes("next: allow servicecatalog:SearchProvisionedProducts");
}
