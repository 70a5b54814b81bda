//! Reads the Dockerfile as a builder would: stages, user, health check, and that what it copies is there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::fs;
use std::path::Path;

/// One instruction of the file, its continued lines joined.
struct Instruction {
    name: String,
    rest: String,
}

struct Stage {
    image: String,
    name: String,
    instructions: Vec<Instruction>,
}

impl Stage {
    fn last(&self, name: &str) -> &str {
        let found = self.instructions.iter().rev().find(|instruction| instruction.name == name);
        &found.unwrap_or_else(|| panic!("the stage {} has no {name}", self.name)).rest
    }

    fn variable(&self, name: &str) -> Option<String> {
        let all = self.instructions.iter().filter(|instruction| instruction.name == "ENV");
        let mut pairs = all.flat_map(|instruction| instruction.rest.split_whitespace());
        pairs.find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn stages() -> Vec<Stage> {
    let text = read("Dockerfile");
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let mut stages: Vec<Stage> = Vec::new();
    for line in code.join("\n").replace("\\\n", " ").lines().filter(|line| !line.trim().is_empty()) {
        let (name, rest) = line.split_once(' ').unwrap();
        if name == "FROM" {
            let (image, name) = rest.split_once(" AS ").expect("each stage has a name");
            stages.push(Stage { image: image.into(), name: name.into(), instructions: Vec::new() });
        } else {
            let instruction = Instruction { name: name.into(), rest: rest.trim().into() };
            stages.last_mut().expect("FROM comes first").instructions.push(instruction);
        }
    }
    stages
}

fn list(exec_form: &str) -> Vec<String> {
    serde_json::from_str(exec_form).unwrap_or_else(|_| panic!("{exec_form} is not in exec form"))
}

#[test]
fn it_builds_in_one_stage_and_runs_in_another_without_the_compiler() {
    let stages = stages();
    let [builder, runtime] = stages.as_slice() else { panic!("two stages, not {}", stages.len()) };
    let rust = builder.image.strip_prefix("rust:").expect("built by the Rust image");
    let (version, debian) = rust.split_once('-').expect("of a pinned version on a named Debian");
    assert!(
        read("Cargo.toml").contains(&format!("rust-version = \"{version}\"")),
        "Cargo.toml wants another {version}"
    );
    assert_eq!(runtime.image, format!("debian:{debian}-slim"), "both have the same C library");
}

#[test]
fn it_runs_as_an_ordinary_user_that_owns_its_data() {
    let stages = stages();
    let runtime = stages.last().unwrap();
    let user: u32 = runtime.last("USER").parse().expect("a number, which an orchestrator can check");
    assert_ne!(user, 0);
    assert!(runtime.last("RUN").contains(&format!("--uid {user} ")), "the user is made");
    let data = runtime.variable("DATA_DIR").unwrap();
    assert_eq!(runtime.last("VOLUME"), data);
    assert!(runtime.last("RUN").contains(&format!("-o simfront -g simfront {data}")));
}

#[test]
fn its_settings_are_those_of_a_container() {
    let stages = stages();
    let runtime = stages.last().unwrap();
    assert_eq!(runtime.variable("PRIVATE_POSTGRES").as_deref(), Some("false"));
    let address = runtime.variable("BIND_ADDR").unwrap();
    assert_eq!(address, format!("0.0.0.0:{}", runtime.last("EXPOSE")));
    for secret in ["SECRET_KEY", "DATABASE_URL", "ESIMDUAL_TOKEN", "STRIPE_SECRET_KEY", "ADMIN_PASSWORD"] {
        assert_eq!(runtime.variable(secret), None, "{secret} is not baked in");
    }
}

#[test]
fn the_program_is_its_entrypoint_and_checks_its_own_health() {
    let stages = stages();
    let runtime = stages.last().unwrap();
    let program = list(runtime.last("ENTRYPOINT"));
    assert_eq!(list(runtime.last("CMD")), ["serve"]);
    let (_, check) = runtime.last("HEALTHCHECK").split_once("CMD ").unwrap();
    assert_eq!(list(check), [program.first().unwrap().as_str(), "healthcheck"]);
}

#[test]
fn what_it_copies_is_there() {
    let stages = stages();
    let mut copies = 0;
    for stage in &stages {
        for copy in stage.instructions.iter().filter(|instruction| instruction.name == "COPY") {
            let mut words: Vec<&str> = copy.rest.split_whitespace().collect();
            let target = words.pop().unwrap();
            copies += 1;
            if let Some(from) = words.first().and_then(|word| word.strip_prefix("--from=")) {
                assert!(stages.iter().any(|stage| stage.name == from), "{from} is a stage");
                assert_eq!(words.get(1..), Some(&["/build/target/release/simfront"][..]));
                assert_eq!(list(stage.last("ENTRYPOINT")), [target]);
            } else {
                for source in words {
                    assert!(
                        Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(),
                        "{source} is not there"
                    );
                    assert!(!ignored(source), "{source} is hidden by .dockerignore");
                }
            }
        }
    }
    assert!(copies >= 4);
}

/// Whether `.dockerignore` hides a path of the top folder, for the few forms of lines it has.
fn ignored(path: &str) -> bool {
    read(".dockerignore")
        .lines()
        .any(|line| line == path || line.strip_prefix('*').is_some_and(|end| path.ends_with(end)))
}

#[test]
fn secrets_and_data_stay_out_of_the_build_and_its_sources_do_not() {
    for hidden in [".env", "data", "target", ".git"] {
        assert!(ignored(hidden), "{hidden} must not get into the image");
    }
    for needed in ["src", "migrations", "templates", "locales", "static", ".sqlx", "build.rs", "askama.toml"]
    {
        assert!(!ignored(needed), "{needed} is needed by the build");
    }
}
