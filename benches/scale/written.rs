//! A catalog as a file: 100,000 packages with 20 countries each, as the published description shows them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use simfront::ground::countries;

pub const PACKAGES: usize = 100_000;
pub const COUNTRIES_EACH: usize = 20;
const COUNTRIES: usize = 230;

/// Writes the catalog. No two packages have the same list of countries. `dearer` says which packages cost a little more
/// than they did.
pub fn write_catalog(path: &Path, dearer: impl Fn(usize) -> bool) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut seed = 7_u64;
    write!(out, r#"{{"status":true,"message":"Success","data":["#).unwrap();
    for id in 1..=PACKAGES {
        let comma = if id == 1 { "" } else { "," };
        let (gigabytes, cents) = (id % 50 + 1, if dearer(id) { 30 } else { 20 });
        write!(
            out,
            r#"{comma}{{"id":{id},"provider_plan_id":"P-{id}-{gigabytes}GB","name":"Region {id} {gigabytes} GB - 30 Days","slug":"region-{id}-{gigabytes}gb-30-days","package_type":"DATA","data_quantity":{gigabytes},"data_unit":"GB","data_volume":{},"voice_quantity":0,"sms_quantity":0,"package_validity":30,"package_validity_unit":"Day","network_speed":"5G","reloadable":true,"area_coverage":"Regional","region":{{"id":4,"name":"Europe","slug":"europe"}},"countries":["#,
            gigabytes << 30
        )
        .unwrap();
        let mut drawn = [false; COUNTRIES];
        let mut comma = "";
        while drawn.iter().filter(|drawn| **drawn).count() < COUNTRIES_EACH {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = usize::try_from(seed >> 33).unwrap() % COUNTRIES;
            if std::mem::replace(&mut drawn[number], true) {
                continue;
            }
            let code = countries::ALL[number].code;
            write!(
                out,
                r#"{comma}{{"id":{number},"name":"Country {number}","code":"{code}","slug":"country-{number}"}}"#
            )
            .unwrap();
            comma = ",";
        }
        write!(
            out,
            r#"],"provider":{{"id":1,"name":"eSIMCard","slug":"esimcard"}},"pricing":{{"base_cost":3.5,"markup_type":"percent","markup_value":20,"profit_amount":0.7,"reseller_price":{gigabytes}.{cents},"currency":"USD"}}}}"#
        )
        .unwrap();
    }
    write!(out, "]}}").unwrap();
    out.flush().unwrap();
}
