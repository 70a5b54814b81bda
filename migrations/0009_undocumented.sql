-- owner: esimdual
-- What the upstream sent that its documents do not say, counted, so that staff see a change upstream before it hurts.
-- No value of an eSIM, a person or a login is ever kept: of those the example is only a type, such as (text).
create table upstream_undocumented (
    -- The object in which it was met, such as package or order esim.
    place text not null,
    -- The field's name, cut and cleaned; the reason, for a row that could not be read.
    field text not null,
    kind text not null constraint upstream_undocumented_kind
        check (kind in ('new_field', 'new_value', 'other_type', 'unreadable_row')),
    count bigint not null constraint upstream_undocumented_count check (count > 0),
    -- The newest one: one short value as it was written, or its type in brackets.
    example text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (place, field, kind)
);
create index upstream_undocumented_newest on upstream_undocumented (last_seen desc);
