-- owner: staff
create table admins (
    id bigint generated always as identity primary key,
    email text not null constraint admins_email_unique unique,
    -- Argon2id in PHC form.
    password_hash text not null,
    role text not null constraint admins_role check (role in ('owner', 'manager', 'support')),
    created_at timestamptz not null,
    disabled_at timestamptz
);

-- owner: staff
-- Only the hash of the cookie's token is kept, so that a copy of this table opens nothing.
create table admin_sessions (
    token_hash bytea primary key,
    admin_id bigint not null references admins (id),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    -- The absolute end; the idle end is judged by seen_at.
    expires_at timestamptz not null
);
create index admin_sessions_by_admin on admin_sessions (admin_id);

-- owner: staff
-- Who did what in the back office. Appended, never changed.
create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    detail jsonb not null default '{}'
);
create index audit_log_by_time on audit_log (at desc, id desc);
