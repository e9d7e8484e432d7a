<?php
/**
 * Plugin Name: WooCommerce (published interface only)
 *
 * Stands in for WooCommerce, which no package of the distribution brings: the hooks, classes and
 * functions that the plugin uses, as WooCommerce 10 documents them, and a checkout page that holds
 * nothing but the browser's registry of address providers.
 *
 * @package DiaChiSo
 */

abstract class WC_Address_Provider {
	public $id;
	public $name;
}

/** An order's address and metadata. */
class WC_Order {
	public $saved = array();
	private $addresses;
	private $meta = array();

	public function __construct( array $billing, array $shipping = array() ) {
		$empty           = array_fill_keys( array( 'address_1', 'address_2', 'city', 'state', 'postcode', 'country' ), '' );
		$this->addresses = array(
			'billing'  => $billing + $empty,
			'shipping' => $shipping + $empty,
		);
	}

	public function get_address( $type = 'billing' ) {
		return $this->addresses[ $type ];
	}

	public function has_shipping_address() {
		return $this->addresses['shipping']['address_1'] || $this->addresses['shipping']['address_2'];
	}

	public function get_meta( $key ) {
		return $this->meta[ $key ] ?? '';
	}

	public function update_meta_data( $key, $value ) {
		$this->meta[ $key ] = $value;
	}

	public function delete_meta_data( $key ) {
		unset( $this->meta[ $key ] );
	}

	public function save() {
		$this->saved = $this->meta;
	}
}

function WC() {
	return (object) array(
		'countries' => new class() {
			public function get_states( $country ) {
				return apply_filters( 'woocommerce_states', array( 'VN' => array() ) )[ $country ];
			}
		},
	);
}

function wc_get_logger() {
	return new class() {
		public function warning( $message, $context ) {
			$GLOBALS['wc_log'][] = array( $message, $context );
		}
	};
}

function is_checkout() {
	return isset( $_GET['checkout'] );
}

add_action(
	'admin_menu',
	function () {
		add_menu_page( 'WooCommerce', 'WooCommerce', 'manage_woocommerce', 'woocommerce', '__return_null' );
	}
);
add_action(
	'wp_enqueue_scripts',
	function () {
		$providers = apply_filters( 'woocommerce_address_providers', array() );
		wp_register_script( 'wc-address-autocomplete', false, array(), '10', true );
		wp_add_inline_script(
			'wc-address-autocomplete',
			'window.wc = { addressAutocomplete: {
				serverProviders: ' . wp_json_encode( wp_list_pluck( $providers, 'id' ) ) . ',
				providers: {},
				registerAddressAutocompleteProvider( provider ) {
					if ( this.serverProviders.includes( provider.id ) ) this.providers[ provider.id ] = provider;
				},
			} };'
		);
	}
);
add_action(
	'template_redirect',
	function () {
		echo '<!doctype html><meta charset="utf-8"><title>Shop</title>';
		wp_head();
		wp_footer();
		exit;
	}
);
// A register of a test starts cold, on a machine that may be busy: how long it takes is not tested.
add_filter(
	'http_request_args',
	function ( $arguments, $url ) {
		return 0 === strpos( $url, 'http://127.0.0.1:' ) ? array( 'timeout' => 60 ) + $arguments : $arguments;
	},
	10,
	2
);
