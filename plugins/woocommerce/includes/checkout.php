<?php
/**
 * Suggestions at checkout, classic and block, by WooCommerce's address providers.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

/**
 * Adds the provider.
 *
 * @param array $providers Providers so far.
 * @return array
 */
function add_provider( $providers ) {
	if ( class_exists( '\WC_Address_Provider' ) ) {
		require_once __DIR__ . '/class-provider.php';
		$providers[] = new Provider();
	}
	return $providers;
}

/**
 * Loads the provider's script where WooCommerce loads its own.
 */
function enqueue_script() {
	if ( ! is_checkout() || 'yes' !== get_option( 'woocommerce_address_autocomplete_enabled' ) ) {
		return;
	}
	wp_enqueue_script( 'dia-chi-so', plugins_url( 'assets/dia-chi-so.js', FILE ), array( 'wc-address-autocomplete' ), VERSION, true );
	wp_localize_script(
		'dia-chi-so',
		'diaChiSo',
		array(
			'suggestions' => rest_url( 'dia-chi-so/v1/suggestions' ),
			'address'     => rest_url( 'dia-chi-so/v1/address' ),
			'nonce'       => wp_create_nonce( 'wp_rest' ),
		)
	);
}

/**
 * Routes for pages of this shop: guests check out as well, so a nonce is required and no account.
 */
function register_routes() {
	foreach ( array( 'suggestions' => 'q', 'address' => 'id' ) as $route => $parameter ) {
		register_rest_route(
			'dia-chi-so/v1',
			'/' . $route,
			array(
				'methods'             => 'POST', // Addresses do not belong in URLs, which servers log.
				'callback'            => __NAMESPACE__ . '\send_' . $route,
				'permission_callback' => __NAMESPACE__ . '\is_page_of_shop',
				'args'                => array(
					$parameter => array(
						'type'              => 'string',
						'required'          => true,
						'minLength'         => 2,
						'maxLength'         => 200,
						'validate_callback' => 'rest_validate_request_arg',
						'sanitize_callback' => 'sanitize_text_field',
					),
				),
			)
		);
	}
}

/**
 * Whether a page of this shop made the request.
 *
 * @param \WP_REST_Request $request The request.
 * @return bool
 */
function is_page_of_shop( $request ) {
	return (bool) wp_verify_nonce( (string) $request->get_header( 'X-WP-Nonce' ), 'wp_rest' );
}

/**
 * Suggestions as WooCommerce shows them; none where the register does not answer.
 *
 * @param \WP_REST_Request $request With `q`, what was typed.
 * @return array<array{id: string, label: string}>
 */
function send_suggestions( $request ) {
	$answer = autocomplete( $request['q'] );
	$lines  = is_wp_error( $answer ) || ! is_array( $answer['suggestions'] ?? null ) ? array() : $answer['suggestions'];
	$shown  = array();
	foreach ( $lines as $line ) {
		$code    = text( $line, 'code' );
		$shown[] = array(
			'id'    => '' !== $code ? $code : text( $line, 'text' ),
			'label' => text( $line, 'label' ),
		);
	}
	return $shown;
}

/**
 * The fields of WooCommerce for a picked suggestion; null, which fills nothing, where the register
 * does not answer.
 *
 * @param \WP_REST_Request $request With `id`, that of the suggestion.
 * @return array<string, string>|null
 */
function send_address( $request ) {
	$answer = validate( $request['id'], true );
	return is_wp_error( $answer ) ? null : fields_of( $answer, $request['id'] );
}

/**
 * An answer in WooCommerce's fields. Shops without a list of provinces hide that field for Viet Nam;
 * the province then follows the commune.
 *
 * @param array  $answer Of POST /v1/validate.
 * @param string $picked The suggestion; it stands where the register needs more.
 * @return array<string, string>
 */
function fields_of( $answer, $picked ) {
	$label    = text( $answer, 'label' );
	$commune  = text( $answer, 'commune', 'name' );
	$province = text( $answer, 'province', 'name' );
	$tail     = implode( ', ', array_filter( array( $commune, $province ) ) );
	$line     = '' !== $label ? $label : $picked;
	if ( '' !== $tail && ", $tail" === substr( $line, -strlen( ", $tail" ) ) ) {
		$line = substr( $line, 0, -strlen( ", $tail" ) );
	}
	$state = state_of( $province );
	return array(
		'address_1' => $line,
		'address_2' => '',
		'city'      => '' !== $state ? $commune : $tail,
		'state'     => $state,
		'postcode'  => text( $answer, 'postcode' ),
		'country'   => 'VN',
	);
}

/**
 * The key of a province in the shop's list; empty where the shop has none, or not this one.
 *
 * @param string $province Name of a province.
 * @return string
 */
function state_of( $province ) {
	$wanted = plain_name( $province );
	foreach ( array_filter( (array) WC()->countries->get_states( 'VN' ) ) as $key => $name ) {
		if ( '' !== $wanted && plain_name( $name ) === $wanted ) {
			return (string) $key;
		}
	}
	return '';
}

/**
 * A province's name for comparison: without its kind and diacritics.
 *
 * @param string $name As written.
 * @return string
 */
function plain_name( $name ) {
	$name = str_replace( 'tp-', 'thanh-pho-', sanitize_title( remove_accents( $name ) ) );
	return preg_replace( '/^(thanh-pho|tinh)-/', '', $name );
}

add_filter( 'woocommerce_address_providers', __NAMESPACE__ . '\add_provider' );
add_action( 'wp_enqueue_scripts', __NAMESPACE__ . '\enqueue_script', 20 );
add_action( 'rest_api_init', __NAMESPACE__ . '\register_routes' );
