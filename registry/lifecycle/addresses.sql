-- taken --
-- Found by the index of the street or locality; the few records with neither, by their commune.
-- by in_street, in_locality, in_commune
SELECT code FROM household
WHERE {lies_there} AND unit_id = :unit_id
    AND house_number_key IS NOT DISTINCT FROM :house_number_key
    AND kind = :kind AND building_key IS NOT DISTINCT FROM :building_key
    AND floor IS NOT DISTINCT FROM :floor AND unit_number IS NOT DISTINCT FROM :unit_number
    AND status IN ('proposed', 'active') AND NOT code = ANY (:but)
LIMIT 1

-- in_street --
-- with lies_there: street_id = :street_id

-- in_locality --
-- with lies_there: locality_id = :locality_id AND street_id IS NULL

-- in_commune --
-- with lies_there: street_id IS NULL AND locality_id IS NULL
