<?php
/**
 * Deletes the settings; what is stored with orders belongs to the orders.
 *
 * @package DiaChiSo
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'dia_chi_so' );
delete_transient( 'dia_chi_so_pause' );
