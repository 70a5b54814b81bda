-- Two million links are written by the first sync of a hundred thousand packages, and PostgreSQL checked each of them
-- against both tables, row by row: more than half of that sync's time. The catalog alone writes the three tables, always
-- packages and countries before their links and in one transaction, and deletes neither.
alter table package_countries
    drop constraint package_countries_package_id_fkey,
    drop constraint package_countries_country_code_fkey;
