UPDATE problem SET value = $cleaned
WHERE field IS NOT DISTINCT FROM $field AND value = $value;
