SELECT bool_and(regexp_full_match(upper(source_ref), $code))
FROM (SELECT source_ref FROM entry WHERE NOT rejected AND source_ref IS NOT NULL LIMIT $most)
