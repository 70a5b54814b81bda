-- Rules with scopes, published as versions.
--
-- A publication writes the whole set of rules once more, each row with its version, and the shop-wide rule last: the
-- newest row is the shop-wide rule, for nodes of the former program too, which know no other. Rows without a version were
-- written by those nodes (or before there were versions): such a row, where it is the newest, is the shop-wide rule, and
-- the other rules are those of the newest version. Rows are never changed, so that an order can name the one that made
-- its price.

-- owner: pricing
create table rule_versions (
    id bigint generated always as identity primary key,
    -- A sentence for staff: what was changed.
    what text not null,
    -- The version whose rules these are once more.
    restored_from bigint references rule_versions (id),
    published_by text not null,
    published_at timestamptz not null
);

alter table markup_rules
    add column version_id bigint references rule_versions (id),
    -- Whom the rule prices: the most specific one wins, then the higher priority, then the newer (published_at, id).
    add column scope text not null default 'shop'
        constraint markup_rules_scope check (scope in ('shop', 'package_type', 'region', 'country', 'package')),
    -- data, europe, fr, 1120: as packages have it; the region `global` is every global package.
    add column scope_key text,
    add column priority integer not null default 0,
    -- Instead of percent and fixed.
    add column fixed_price_minor bigint
        constraint markup_rules_fixed_price check (fixed_price_minor is null or (fixed_price_minor > 0 and scope = 'package')),
    -- In whole units of the currency: no price is under cost plus this.
    add column min_margin numeric not null default 0 constraint markup_rules_min_margin check (min_margin >= 0),
    -- It holds from the first moment on, and before the second.
    add column starts_at timestamptz,
    add column ends_at timestamptz,
    add constraint markup_rules_scope_has_key check ((scope = 'shop') = (scope_key is null)),
    add constraint markup_rules_dates check (starts_at < ends_at);
create index markup_rules_by_version on markup_rules (version_id, id);
