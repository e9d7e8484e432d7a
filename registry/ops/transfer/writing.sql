-- about --
SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), i.uuid::text, g.key_rules,
    encode(k.key, 'hex'), o.last_value + o.is_called::int, d.last_value + d.is_called::int
FROM register_identity i, gazetteer_state g, code_key k, code_ordinal o, demo_ordinal d
