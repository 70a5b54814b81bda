-- What the shop itself says of a package. A sync never touches it; a package without a row is as the upstream says.

-- owner: catalog
create table package_overrides (
    package_id bigint primary key references packages (id),
    -- Shown instead of the upstream's name; null: that one.
    name text constraint package_overrides_name check (length(name) between 1 and 200),
    -- Neither shown nor sold.
    hidden boolean not null default false,
    -- First in lists.
    featured boolean not null default false,
    -- New, and nobody has released it yet: never shown, never sold.
    held boolean not null default false,
    -- For staff alone.
    note text,
    -- Grows with each change: a form carries it, so that of two who edit at once the second is told.
    edits bigint not null default 0,
    changed_by text not null,
    changed_at timestamptz not null
);
create index package_overrides_hidden on package_overrides (package_id) where hidden;
create index package_overrides_held on package_overrides (package_id) where held;
create index package_overrides_featured on package_overrides (package_id) where featured;

-- owner: catalog
create table catalog_edits (
    one boolean primary key default true constraint catalog_edits_is_one_row check (one),
    -- Whether a package that a sync brings for the first time is sold at once, or held until somebody releases it.
    new_packages text not null default 'sell' constraint catalog_edits_new_packages check (new_packages in ('sell', 'hold')),
    -- Grows with each change of an override: windows read the catalog anew.
    number bigint not null default 0
);
insert into catalog_edits default values;

-- The list of packages in the back office, narrowed by what they are.
create index packages_by_type on packages (package_type, id);
create index packages_by_coverage on packages (coverage, id);
