<?php
/**
 * Loads the WordPress that tests/clients/test_woocommerce.py has installed.
 *
 * @package DiaChiSo
 */

global $table_prefix; // PHPUnit includes this file in a function.

require getenv( 'WORDPRESS' ) . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
