//! Every object of the published OpenAPI description (version 1.0.0) that an answer or a webhook can hold: its fields,
//! their types, and whether they may be null. This table drives the reading, and a test compares it with the
//! description itself. Beyond it stand only fields marked `quick_start` (named by that text alone) and `nobody`.

use super::documented::{Field, Kind, Object, documented};
use super::extra::Extra;
use super::undocumented::Undocumented;
use super::wire::Token;

documented! {
    /// What every answer is wrapped in.
    ANSWER, AnswerFields: "answer" in [
        "/components/schemas/SuccessEnvelope",
        "/components/schemas/ErrorEnvelope",
        "/paths/~1orders~1{id}/get/responses/200/content/application~1json/schema/allOf/1"
    ] {
        status: Boolean,
        message: Text,
        errors: Object,
        data: Open,
        meta: Object nobody,
        links: Object nobody,
    }

    /// The answer to `POST /login`.
    LOGIN, LoginFields: "login" in ["/components/schemas/LoginResponse"] private {
        status: Boolean,
        access_token: Text,
        token_type: Text,
        user: Object,
        message: Text nobody,
        data: Object nobody,
    }

    /// A list in pages. The documents show plain lists; Laravel, on which the upstream seems to be built, has these.
    PAGE, PageFields: "page" in [] open {
        data: List nobody,
        current_page: Integer nobody,
        last_page: Integer nobody,
        total_pages: Integer nobody,
        next_page_url: Text nobody,
        next_page: Open nobody,
        next: Text nobody,
        next_cursor: Text nobody,
        has_more: Boolean nobody,
        total: Integer nobody,
        per_page: Integer nobody,
        meta: Object nobody,
        links: Open nobody,
        pagination: Object nobody,
    }

    /// `data` of `GET /`.
    ROOT, RootFields: "root" in
        ["/paths/~1/get/responses/200/content/application~1json/schema/properties/data"] {
        api: Text,
        version: Text,
    }

    /// `data` of `GET /me`.
    ACCOUNT, AccountFields: "account" in [
        "/components/schemas/ResellerUser",
        "/paths/~1me/get/responses/200/content/application~1json/schema/allOf/1/properties/data/allOf/1"
    ] private {
        id: Integer,
        name: Text,
        email: Text,
        balance: Number,
        currency: Text,
        brand_name: Text nullable,
        domain: Text nullable,
        status: Integer,
        email_verified_at: Moment nullable,
    }

    /// `data` of `GET /wallet`.
    WALLET, WalletFields: "wallet" in ["/components/schemas/Wallet"] {
        balance: Number,
        currency: Text,
        transactions: List,
    }

    /// One movement of the wallet.
    TRANSACTION, TransactionFields: "wallet transaction" in ["/components/schemas/WalletTransaction"] keeps_extra {
        id: Integer,
        r#type: Text,
        amount: Number,
        currency: Text,
        post_balance: Number,
        reference: Text nullable,
        description: Text nullable,
        created_at: Moment,
    }

    /// One row of `GET /packages`.
    PACKAGE, PackageFields: "package" in ["/components/schemas/Package"] keeps_extra {
        id: Integer,
        provider_plan_id: Text nullable,
        name: Text,
        slug: Text nullable,
        // The list stands at the filter of `GET /pricing`.
        package_type: Text ["DATA", "VOICE", "SMS", "DATA_VOICE_SMS"],
        data_quantity: Number,
        data_unit: Text,
        data_volume: Integer,
        voice_quantity: Integer,
        sms_quantity: Integer,
        package_validity: Integer,
        package_validity_unit: Text,
        network_speed: Text nullable,
        reloadable: Boolean,
        area_coverage: Text nullable,
        region: Object nullable,
        countries: List,
        provider: Object nullable,
        pricing: Object,
        price_for_reseller: Number quick_start,
        currency: Text nobody,
    }

    /// `pricing` of a package.
    QUOTE, QuoteFields: "package pricing" in ["/components/schemas/PricingQuote"] {
        base_cost: Number,
        markup_type: Text,
        markup_value: Number,
        profit_amount: Number,
        reseller_price: Number,
        currency: Text,
        price_for_reseller: Number quick_start,
    }

    /// A country of a package.
    COUNTRY, CountryFields: "package country" in ["/components/schemas/Country"] {
        id: Integer,
        name: Text,
        code: Text,
        slug: Text nullable,
    }

    /// The region of a package.
    REGION, RegionFields: "package region" in ["/components/schemas/Region"] {
        id: Integer,
        name: Text,
        slug: Text,
    }

    /// Who provides a package; only compared with the documents.
    PROVIDER, ProviderFields: "package provider" in ["/components/schemas/Provider"] {
        id: Integer,
        name: Text,
        slug: Text,
    }

    /// `data` of `GET /pricing`.
    PRICING, PricingFields: "pricing" in
        ["/paths/~1pricing/get/responses/200/content/application~1json/schema/allOf/1/properties/data"] {
        countries: List,
    }

    /// A country of `GET /pricing`.
    PRICED_COUNTRY, PricedCountryFields: "pricing country" in ["/components/schemas/PricingCountry"] {
        name: Text,
        code: Text,
        packages: List,
    }

    /// A package of a country of `GET /pricing`. Its price is a string here.
    PRICED_PACKAGE, PricedPackageFields: "pricing package" in
        ["/components/schemas/PricingCountry/properties/packages/items"] {
        id: Integer,
        name: Text,
        price: Text,
        currency: Text,
        data_quantity: Number,
        data_unit: Text,
        package_validity: Integer,
        package_validity_unit: Text,
    }

    /// An order.
    ORDER, OrderFields: "order" in ["/components/schemas/Order"] keeps_extra {
        id: Integer,
        external_order_id: Text nullable,
        status: Text ["pending", "processing", "completed", "failed"],
        currency: Text,
        price: Number,
        provider_cost: Number,
        profit_amount: Number,
        created_at: Moment,
        package: Object nullable,
        esim: Object nullable,
        // Read by nobody and kept nowhere: what a supplier said, secrets included.
        provider_response: Object nullable,
        package_id: Integer nobody,
    }

    /// The package of an order.
    ORDER_PACKAGE, OrderPackageFields: "order package" in ["/components/schemas/Order/properties/package"] {
        id: Integer,
        provider_plan_id: Text nullable,
        name: Text,
    }

    /// The eSIM of an order.
    ORDER_ESIM, OrderEsimFields: "order esim" in ["/components/schemas/Order/properties/esim"]
        private keeps_extra {
        id: Integer,
        iccid: Text nullable,
        serial_number: Text nullable,
        qr_code: Text nullable,
        qr_code_image: Text nullable,
        phone_number: Text nullable,
        expiry_date: Date nullable,
    }

    /// `data` of `GET /esims/{id}`, and a row of `GET /esims`.
    ESIM, EsimFields: "esim" in ["/components/schemas/Esim"] private keeps_extra {
        id: Integer,
        serial_number: Text nullable,
        iccid: Text nullable,
        phone_number: Text nullable,
        qr_code: Text nullable,
        qr_code_image: Text nullable,
        provider_status: Text nullable,
        expiry_date: Date nullable,
        activated_at: Moment nullable,
        installed_at: Moment nullable,
        provider_expiry_at: Moment nullable,
        package: Object nullable,
    }

    /// The package of an eSIM.
    ESIM_PACKAGE, EsimPackageFields: "esim package" in ["/components/schemas/Esim/properties/package"] {
        id: Integer,
        provider_plan_id: Text nullable,
        name: Text,
    }

    /// The body of a webhook.
    EVENT, EventFields: "webhook" in ["/components/schemas/WebhookPing", "/components/schemas/WebhookOrderEvent"] {
        event: Text ["ping", "order.completed", "order.processing", "order.failed"],
        occurred_at: Moment,
        message: Text,
        reseller_id: Integer,
        order: Object,
        package: Object nullable,
        esim: Object nullable,
    }

    /// The order of a webhook.
    EVENT_ORDER, EventOrderFields: "webhook order" in
        ["/components/schemas/WebhookOrderEvent/properties/order"] keeps_extra {
        id: Integer,
        external_order_id: Text nullable,
        status: Text ["pending", "processing", "completed", "failed"],
        currency: Text,
        price: Number,
        provider_cost: Number,
        profit_amount: Number,
        created_at: Moment,
        package: Object nobody,
        esim: Object nobody,
        provider_response: Object nobody,
        package_id: Integer nobody,
    }

    /// The package of a webhook.
    EVENT_PACKAGE, EventPackageFields: "webhook package" in
        ["/components/schemas/WebhookOrderEvent/properties/package"] {
        id: Integer,
        provider_plan_id: Text nullable,
        name: Text,
        slug: Text nullable,
    }

    /// The eSIM of a webhook.
    EVENT_ESIM, EventEsimFields: "webhook esim" in
        ["/components/schemas/WebhookOrderEvent/properties/esim"] private keeps_extra {
        id: Integer,
        iccid: Text nullable,
        serial_number: Text nullable,
        qr_code: Text nullable,
        qr_code_image: Text nullable,
        phone_number: Text nullable,
        expiry_date: Date nullable,
        provider_status: Text nullable,
    }

    /// A row of `GET /vpn/plans`, whose schema nobody has published: what a plan needs to be recognised.
    VPN_PLAN, VpnPlanFields: "vpn plan" in [] open {
        id: Open nobody,
        name: Text nobody,
        price_for_reseller: Number quick_start,
        currency: Text nobody,
        pricing: Object nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::documented::Source;
    use serde_json::{Map, Value};
    use std::collections::BTreeSet;

    fn description() -> Value {
        serde_json::from_str(include_str!("../../tests/fixtures/esimdual/openapi.json")).unwrap()
    }

    fn properties<'a>(description: &'a Value, pointer: &str) -> &'a Map<String, Value> {
        let schema = description.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not described"));
        schema["properties"].as_object().unwrap_or_else(|| panic!("{pointer} has no properties"))
    }

    fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
        let target =
            schema["$ref"].as_str().and_then(|target| description.pointer(target.strip_prefix('#')?));
        target.unwrap_or(schema)
    }

    fn kind(schema: &Value) -> Kind {
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("string"), Some("date")) => Kind::Date,
            (Some("string"), Some("date-time")) => Kind::Moment,
            (Some("string"), _) => Kind::Text,
            (Some("integer"), _) => Kind::Integer,
            (Some("number"), _) => Kind::Number,
            (Some("boolean"), _) => Kind::Boolean,
            (Some("array"), _) => Kind::List,
            _ => Kind::Object,
        }
    }

    #[test]
    fn the_table_says_what_the_published_description_says() {
        let description = description();
        for object in ALL.iter().filter(|object| !object.pointers.is_empty()) {
            let mut told: BTreeSet<&str> = BTreeSet::new();
            for pointer in object.pointers {
                for (name, schema) in properties(&description, pointer) {
                    told.insert(name);
                    let field = object.fields.iter().find(|field| field.name == name);
                    let field = field.unwrap_or_else(|| panic!("{pointer}/{name} stands in no table"));
                    let schema = resolved(&description, schema);
                    let nullable = schema["nullable"].as_bool().unwrap_or(false);
                    assert!(
                        field.kind == Kind::Open || field.kind == kind(schema),
                        "{pointer}/{name}: its type"
                    );
                    assert!(
                        field.kind == Kind::Open || field.nullable == nullable,
                        "{pointer}/{name}: whether it may be null"
                    );
                    assert_eq!(field.source, Source::OpenApi, "{pointer}/{name} is described");
                    if let Some(values) = schema["enum"].as_array() {
                        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                        assert_eq!(field.values, values, "{pointer}/{name}: its values");
                    }
                }
            }
            for field in object.fields.iter().filter(|field| field.source == Source::OpenApi) {
                assert!(told.contains(field.name), "{}: nobody describes {}", object.place, field.name);
            }
        }
    }

    #[test]
    fn every_described_object_that_can_come_in_stands_in_the_table() {
        let description = description();
        let sent = ["LoginRequest", "OrderCreateRequest"];
        // Its fields are promised by nobody: `reading/usage.rs`.
        let open = ["Usage"];
        for name in description["components"]["schemas"].as_object().unwrap().keys() {
            let pointer = format!("/components/schemas/{name}");
            let read = ALL.iter().any(|object| object.pointers.contains(&pointer.as_str()));
            assert!(
                read || sent.contains(&name.as_str()) || open.contains(&name.as_str()),
                "{name} is not read"
            );
        }
    }

    #[test]
    fn lists_of_values_that_stand_elsewhere_in_the_description_are_the_tables() {
        let description = description();
        let filter = &description["paths"]["/pricing"]["get"]["parameters"][0];
        assert_eq!(filter["name"], "package_type");
        let values = |object: &Object, name: &str| {
            let field = object.fields.iter().find(|field| field.name == name).unwrap();
            field.values.iter().copied().collect::<BTreeSet<_>>()
        };
        let types: BTreeSet<_> =
            filter["schema"]["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(values(&PACKAGE, "package_type"), types);
        let events = description["x-webhooks"]["events"].as_object().unwrap();
        assert_eq!(values(&EVENT, "event"), events.keys().map(String::as_str).collect());
    }
}
