//! Forms that are sent twice, half, too late, or by programs.

use futures_util::future::join_all;
use simfront::sandbox::CatalogChange;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::browser::encoded;
use crate::support::{FRANCE, Stand};

async fn orders(stand: &Stand) -> i64 {
    stand.count("select count(*) from orders").await
}

#[tokio::test]
async fn f109_twenty_posts_of_one_form_at_once_are_one_order() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 2).await;
    let answers = join_all((0..20).map(|_| stand.post("/checkout", &form))).await;
    let first = answers[0].to();
    assert!(answers.iter().all(|answer| answer.to() == first));
    assert_eq!(orders(&stand).await, 1);
    assert_eq!(stand.count("select count(*) from payments").await, 1);
    assert_eq!(stand.count("select count(*) from units").await, 2);
    let token = stand.answer(first, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f101_whoever_hangs_up_leaves_an_order_that_is_whole_or_none() {
    let stand = Stand::new().await;
    let address = stand.origin.strip_prefix("http://").unwrap().to_owned();
    let mut forms = Vec::new();
    for _ in 0..12 {
        forms.push(stand.form(FRANCE, 3).await);
    }
    let hang_up = async |form: Vec<(String, String)>, cut: usize| {
        let body = encoded(&form);
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /checkout HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let text = format!("{head}{body}");
        stream.write_all(&text.as_bytes()[..text.len() - cut]).await.unwrap();
        // Dropped here, without reading a byte.
    };
    // Every other one goes before the last byte of its form has left.
    join_all(forms.iter().cloned().enumerate().map(|(n, form)| hang_up(form, n % 2))).await;
    // The same forms sent again find what was made, or make it: one order a form in any case.
    for form in &forms {
        stand.post("/checkout", form).await.to();
    }
    assert_eq!(orders(&stand).await, 12);
    let broken = "select count(*) from orders o
         where (select count(*) from units u where u.order_id = o.id) <> 3
            or (select count(*) from order_lines l where l.order_id = o.id) <> 1
            or (select count(*) from payments p where p.order_id = o.id) <> 1
            or not exists (select 1 from jobs j where j.payload ->> 'order' = o.id::text)";
    assert_eq!(stand.count(broken).await, 0, "lines, units, payment and job came with each");
    stand.end().await;
}

#[tokio::test]
async fn a_price_that_moved_is_shown_before_anything_is_stored() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    let id = FRANCE.unsigned_abs();
    let change =
        CatalogChange::Reprice { id, reseller_price: "8.00".parse().unwrap(), price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    let answer = stand.post("/checkout", &form).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("10.00"), "the new price stands in the form: {}", answer.body);
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id }).unwrap();
    stand.refresh().await;
    assert_eq!(stand.post("/checkout", &form).await.status.as_u16(), 409);
    assert_eq!(orders(&stand).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn a_form_that_names_its_own_price_pays_the_shops() {
    let stand = Stand::new().await;
    let mut form = stand.form(FRANCE, 1).await;
    let mut cheap = form.clone();
    cheap.iter_mut().filter(|field| field.0 == "shown_price").for_each(|field| field.1 = "1".to_owned());
    assert_eq!(stand.post("/checkout", &cheap).await.status.as_u16(), 409);
    for (name, value) in [("price", "0.01"), ("total", "0.01"), ("currency", "VND"), ("status", "completed")]
    {
        form.push((name.to_owned(), value.to_owned()));
    }
    stand.post("/checkout", &form).await.to();
    assert_eq!(
        stand.texts("select total_minor || currency || status from orders").await,
        ["525USDawaiting_payment"]
    );
    stand.end().await;
}

#[tokio::test]
async fn mistakes_are_shown_at_their_fields_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    for (field, wrong) in
        [("email", "ada"), ("accept_terms", ""), ("quantity", "0"), ("quantity", "11"), ("device_imei", "12")]
    {
        let mut form = form.clone();
        form.retain(|(name, _)| name != field);
        form.push((field.to_owned(), wrong.to_owned()));
        let answer = stand.post("/checkout", &form).await;
        assert_eq!(answer.status.as_u16(), 422, "{field}={wrong}");
        assert!(answer.body.contains(&format!(r##"href="#{field}""##)), "{field}: {}", answer.body);
    }
    assert_eq!(orders(&stand).await, 0);
    stand.end().await;
}
