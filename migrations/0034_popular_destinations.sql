-- Which countries the home page names after those that sell best here, as staff chose them.

-- owner: catalog
create table popular_destinations (
    one boolean primary key default true constraint popular_destinations_is_one_row check (one),
    -- ISO 3166-1 alpha-2 in lower case, the first first. A country that is not sold now is left out of the page and kept
    -- here: no reference to the countries that the catalog names.
    countries text[] not null default '{}',
    -- Grows with each change: a form carries it, so that of two who edit at once the second is told, and windows compare
    -- it, so that every node shows what was chosen on another.
    edits bigint not null default 0,
    changed_by text,
    changed_at timestamptz
);
insert into popular_destinations default values;
