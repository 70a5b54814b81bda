-- owner: esimdual
-- How the upstream takes our logins, one row an account, shared by all nodes: two nodes together must not try a refused
-- login more often than one, and only one of them logs in when a token is revoked.
create table upstream_logins (
    -- The same key as upstream_tokens.account.
    account text primary key,
    -- Refusals in a row.
    refusals integer not null default 0 constraint upstream_logins_refusals check (refusals >= 0),
    -- The first of them, the last one's reason in words for staff, and its status.
    refused_since timestamptz,
    reason text,
    http_status integer,
    -- Nobody logs in before: the pause after a refusal, or after a login without an answer.
    not_before timestamptz not null,
    -- A login is under way on some node, at most until then; that node may die meanwhile.
    busy_until timestamptz,
    constraint upstream_logins_refused check (
        (refusals = 0) = (refused_since is null) and (refusals = 0) = (reason is null)
    )
);
