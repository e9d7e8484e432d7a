<?php
/**
 * Plugin Name:          Địa chỉ số cho WooCommerce
 * Description:          Suggests and checks Vietnamese addresses at checkout, and stores address code and commune with the order.
 * Version:              1.0.0
 * Requires at least:    6.5
 * Requires PHP:         7.4
 * Requires Plugins:     woocommerce
 * WC requires at least: 10.1
 * License:              Apache-2.0
 * License URI:          https://www.apache.org/licenses/LICENSE-2.0
 * Text Domain:          dia-chi-so
 * Domain Path:          /languages
 *
 * Used within WordPress, whose licence is GPL version 2 or later, the whole is under GPL version 3,
 * with which the Apache licence is compatible.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

const VERSION = '1.0.0';
const FILE    = __FILE__;

require __DIR__ . '/includes/register.php';
require __DIR__ . '/includes/settings.php';
require __DIR__ . '/includes/checkout.php';
require __DIR__ . '/includes/order.php';

/**
 * Names in the interface, in the language of the site.
 */
function load_translations() {
	load_plugin_textdomain( 'dia-chi-so', false, dirname( plugin_basename( FILE ) ) . '/languages' );
}

/**
 * Works with orders in tables of their own and with the checkout block.
 */
function declare_compatibility() {
	if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
		foreach ( array( 'custom_order_tables', 'cart_checkout_blocks' ) as $feature ) {
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( $feature, FILE );
		}
	}
}

add_action( 'init', __NAMESPACE__ . '\load_translations', 0 );
add_action( 'before_woocommerce_init', __NAMESPACE__ . '\declare_compatibility' );
