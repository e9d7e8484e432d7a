<?php
/**
 * The provider of suggestions, as WooCommerce lists it; assets/dia-chi-so.js is its other half.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

/**
 * Address provider for Viet Nam.
 */
class Provider extends \WC_Address_Provider {

	/**
	 * Sets what WooCommerce reads.
	 */
	public function __construct() {
		$this->id   = 'dia-chi-so';
		$this->name = 'Địa chỉ số';
	}
}
