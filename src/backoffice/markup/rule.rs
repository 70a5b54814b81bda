//! The form of one rule with a scope or dates: `/admin/markup/rules/new`, and a rule in force by its id.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::rehearsal::View;
use super::super::store;
use super::words::{Choice, roundings, rule_text};
use super::{Unpublished, currency, former, read_seen, rehearsal, saved, seen, shop_wide, write};
use crate::ground::Currency;
use crate::pricing::{self, Edit, Rule, RuleForm, RuleRefused, RuleSet, Scope, Wrong};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

/// What was posted, or stands in the form. Only `step=publish` publishes.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    scope: String,
    key: String,
    percent: String,
    fixed: String,
    price: String,
    min_margin: String,
    rounding: String,
    priority: String,
    from: String,
    until: String,
    step: String,
    /// `remove` takes the rule away.
    change: String,
    seen: String,
}

impl Typed {
    fn form(&self) -> RuleForm<'_> {
        RuleForm {
            scope: &self.scope,
            key: &self.key,
            percent: &self.percent,
            fixed: &self.fixed,
            price: &self.price,
            min_margin: &self.min_margin,
            rounding: &self.rounding,
            priority: &self.priority,
            from: &self.from,
            until: &self.until,
        }
    }

    fn of(rule: &Rule) -> Self {
        let number = |number: rust_decimal::Decimal| number.normalize().to_string();
        let formula = |text: String| if rule.fixed_price.is_some() { String::new() } else { text };
        Self {
            scope: rule.scope.word().to_owned(),
            key: rule.scope.key().unwrap_or_default(),
            percent: formula(number(rule.markup.percent)),
            fixed: formula(number(rule.markup.fixed)),
            price: rule.fixed_price.map(|price| price.to_string()).unwrap_or_default(),
            min_margin: number(rule.min_margin),
            rounding: rule.markup.rounding.word().to_owned(),
            priority: rule.priority.to_string(),
            from: rule.from_typed(),
            until: rule.until_typed(),
            ..Self::default()
        }
    }

    /// The rule in force for what was typed; the one that always holds is none of these.
    fn rule_of(&self, set: &RuleSet) -> Option<i64> {
        let is_meant = |rule: &&Rule| {
            let key = rule.scope.key().unwrap_or_default();
            !rule.is_shop_wide()
                && rule.scope.word() == self.scope.trim()
                && key.eq_ignore_ascii_case(self.key.trim())
        };
        set.rules.iter().find(is_meant).map(|rule| rule.id)
    }

    fn fresh(scope: &str, key: &str) -> Self {
        let known = Scope::WORDS.contains(&scope);
        Self {
            scope: if known { scope } else { "country" }.to_owned(),
            key: key.chars().take(100).collect(),
            rounding: "none".to_owned(),
            ..Self::default()
        }
    }
}

#[derive(Template)]
#[template(path = "backoffice/rule.html")]
struct RulePage {
    frame: Frame,
    /// `new`, or the rule's id.
    id: String,
    text: Option<String>,
    may_change: bool,
    currency: String,
    form: Typed,
    wrong: RuleRefused,
    /// Why the change cannot be made.
    impossible: Option<String>,
    /// Somebody else was faster; the form holds what was typed.
    conflict: bool,
    scopes: Vec<Choice>,
    roundings: Vec<Choice>,
    rehearsed: Option<View>,
}

const SCOPES: [(&str, &str); 5] = [
    ("shop", "The whole shop, for a while"),
    ("package_type", "A type of package"),
    ("region", "A region"),
    ("country", "Packages local to a country"),
    ("package", "One package"),
];

/// The rule that an address names.
enum Which {
    New,
    Known(i64),
}

impl Which {
    fn read(id: &str) -> Result<Self, Problem> {
        match id {
            "new" => Ok(Self::New),
            id => id.parse().map(Self::Known).map_err(|_| Problem::NotFound),
        }
    }

    fn edit(&self, rule: Rule) -> Edit {
        match self {
            Self::New => Edit::Add(rule),
            Self::Known(id) => Edit::Replace(*id, rule),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    scope: String,
    key: String,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let which = Which::read(&id)?;
    let set = pricing::rules(&mut *shop.db.acquire().await?).await?;
    let form = match which {
        Which::New => Typed::fresh(&asked.scope, &asked.key),
        Which::Known(id) => match set.rule(id) {
            Some(rule) if rule.is_shop_wide() => return Ok(Redirect::to("/admin/markup").into_response()),
            Some(rule) => Typed::of(rule),
            None => return former::show(&shop, &staff, id).await,
        },
    };
    draw(&shop, &staff, &set, Drawn::of(&id, form)).await
}

pub(super) async fn publish(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<String>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let which = Which::read(&id)?;
    let set = pricing::rules(&mut *shop.db.acquire().await?).await?;
    let Some(currency) = currency(&shop).await? else { return shop_wide::overtaken(&shop, &staff).await };
    if read_seen(&form.seen).is_some_and(|seen| seen != set.revision) {
        return overtaken(&shop, &staff, &which, form).await;
    }
    let edit = match (&which, form.change.as_str()) {
        (Which::Known(id), "remove") => Edit::Remove(*id),
        _ => match read(&shop, &staff, &form, currency).await? {
            Ok(rule) => which.edit(rule),
            Err(wrong) => {
                let drawn = Drawn { wrong, status: StatusCode::UNPROCESSABLE_ENTITY, ..Drawn::of(&id, form) };
                return draw(&shop, &staff, &set, drawn).await;
            }
        },
    };
    let then = match set.after(&edit) {
        Ok(then) => then,
        Err(why) => return draw(&shop, &staff, &set, Drawn::of(&id, form).refused(why.to_string())).await,
    };
    if form.step != "publish" {
        let rehearsed = Some(rehearsal::rehearse(&shop, &set, &then).await?);
        return draw(&shop, &staff, &set, Drawn { rehearsed, ..Drawn::of(&id, form) }).await;
    }
    let detail = json!({ "text": text_of(&edit) });
    match write(&shop, &staff, &edit, Some(set.revision), detail).await? {
        Ok(()) => Ok(saved()),
        Err(Unpublished::Overtaken) => overtaken(&shop, &staff, &which, form).await,
        Err(Unpublished::Impossible(why)) => {
            draw(&shop, &staff, &set, Drawn::of(&id, form).refused(why.to_string())).await
        }
    }
}

/// Somebody else was faster: what was typed is kept, beside the rule that holds now for the same thing. Every
/// publication writes all rules once more, so that the one that was being changed has another id by now.
async fn overtaken(shop: &Shop, staff: &Staff, which: &Which, form: Typed) -> Result<Response, Problem> {
    let set = pricing::rules(&mut *shop.db.acquire().await?).await?;
    let id = match which {
        Which::New => None,
        Which::Known(_) => form.rule_of(&set),
    };
    let id = id.map_or_else(|| "new".to_owned(), |id| id.to_string());
    let drawn = Drawn { conflict: true, status: StatusCode::CONFLICT, ..Drawn::of(&id, form) };
    draw(shop, staff, &set, drawn).await
}

fn text_of(edit: &Edit) -> Option<String> {
    match edit {
        Edit::ShopWide(rule) | Edit::Add(rule) | Edit::Replace(_, rule) => Some(rule_text(rule)),
        Edit::Remove(_) | Edit::Restore(..) => None,
    }
}

/// The rule that was typed, for something that the catalog knows.
async fn read(
    shop: &Shop,
    staff: &Staff,
    form: &Typed,
    currency: Currency,
) -> Result<Result<Rule, RuleRefused>, Problem> {
    let rule = match form.form().parse(currency, &staff.email, shop.now()) {
        Ok(rule) => rule,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let key = rule.scope.key().unwrap_or_default();
    let meant = store::is_known(&shop.db, rule.scope.word(), &key).await?;
    let nothing = RuleRefused { key: Some(Wrong::NothingMeant), ..RuleRefused::default() };
    Ok(if meant { Ok(rule) } else { Err(nothing) })
}

struct Drawn {
    id: String,
    form: Typed,
    wrong: RuleRefused,
    impossible: Option<String>,
    conflict: bool,
    rehearsed: Option<View>,
    status: StatusCode,
}

impl Drawn {
    fn of(id: &str, form: Typed) -> Self {
        Self {
            id: id.to_owned(),
            form,
            wrong: RuleRefused::default(),
            impossible: None,
            conflict: false,
            rehearsed: None,
            status: StatusCode::OK,
        }
    }

    fn refused(self, why: String) -> Self {
        Self { impossible: Some(why), status: StatusCode::CONFLICT, ..self }
    }
}

async fn draw(shop: &Shop, staff: &Staff, set: &RuleSet, drawn: Drawn) -> Result<Response, Problem> {
    let Some(currency) = currency(shop).await? else { return Err(Problem::NotFound) };
    let mut form = drawn.form;
    form.seen = seen(set.revision);
    let known = drawn.id.parse().ok().and_then(|id| set.rule(id));
    let view = RulePage {
        frame: Frame::new(shop, staff, Part::Markup),
        text: known.map(|rule| format!("{}: {}", rule.scope, rule_text(rule))),
        id: drawn.id,
        may_change: staff.may(Act::ChangeMarkup),
        currency: currency.code().to_owned(),
        scopes: SCOPES.map(|(word, name)| Choice { word, name, chosen: word == form.scope.trim() }).into(),
        roundings: roundings(form.rounding.trim()),
        form,
        wrong: drawn.wrong,
        impossible: drawn.impossible,
        conflict: drawn.conflict,
        rehearsed: drawn.rehearsed,
    };
    page(drawn.status, Cache::Private, &view)
}
