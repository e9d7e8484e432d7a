<?php
/**
 * Requests to the register. They leave from the shop's server: no browser gets the key.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

const TIMEOUT_S = 3;
const PAUSE_S   = 30;

/**
 * Settings with their defaults. A key in wp-config.php is not stored in the database.
 *
 * @return array{register: string, key: string, wording: string, scheme: string}
 */
function settings() {
	$settings = wp_parse_args(
		get_option( 'dia_chi_so', array() ),
		array(
			'register' => '',
			'key'      => '',
			'wording'  => '',
			'scheme'   => '',
		)
	);
	if ( defined( 'DIA_CHI_SO_KEY' ) ) {
		$settings['key'] = DIA_CHI_SO_KEY;
	}
	return $settings;
}

/**
 * Lines for what has been typed.
 *
 * @param string $typed At least two letters or digits, at most 200 characters.
 * @return array|\WP_Error The answer of GET /v1/autocomplete.
 */
function autocomplete( $typed ) {
	return ask( '/v1/autocomplete?' . http_build_query( array( 'q' => $typed, 'limit' => 5 ) ) );
}

/**
 * A verdict on an address, with the wording and the ids that the settings name.
 *
 * @param string $address An address or a code.
 * @param bool   $chosen  Whether it was picked from suggestions.
 * @return array|\WP_Error The answer of POST /v1/validate.
 */
function validate( $address, $chosen = false ) {
	$settings = settings();
	$fields   = array(
		'address' => $address,
		'chosen'  => $chosen,
		'wording' => $settings['wording'],
		'scheme'  => $settings['scheme'],
	);
	return ask( '/v1/validate', array_filter( $fields ) );
}

/**
 * The answer to one request, within TIMEOUT_S. A register that is silent or overloaded is not asked
 * again for a while, so that a checkout waits for it once.
 *
 * @param string     $path   Path and query.
 * @param array|null $fields Fields of a POST; null for a GET.
 * @return array|\WP_Error
 */
function ask( $path, $fields = null ) {
	$settings = settings();
	if ( '' === $settings['register'] ) {
		return new \WP_Error( 'no_register', __( 'The address of the register is not set.', 'dia-chi-so' ) );
	}
	if ( get_transient( 'dia_chi_so_pause' ) ) {
		return new \WP_Error( 'paused', __( 'The register did not answer a moment ago.', 'dia-chi-so' ) );
	}
	$request = array(
		'timeout'    => TIMEOUT_S,
		'user-agent' => 'dia-chi-so-woocommerce/' . VERSION,
		'headers'    => array( 'Accept' => 'application/json' ),
	);
	if ( '' !== $settings['key'] ) {
		$request['headers']['Authorization'] = 'Bearer ' . $settings['key'];
	}
	if ( null !== $fields ) {
		$request['method']                  = 'POST';
		$request['headers']['Content-Type'] = 'application/json';
		$request['body']                    = wp_json_encode( $fields );
	}
	$response = wp_remote_request( $settings['register'] . $path, $request );
	$status   = (int) wp_remote_retrieve_response_code( $response );
	$answer   = json_decode( wp_remote_retrieve_body( $response ), true );
	if ( 200 === $status && is_array( $answer ) ) {
		return $answer;
	}
	if ( is_wp_error( $response ) || 429 === $status || $status >= 500 ) {
		$wait = (int) wp_remote_retrieve_header( $response, 'retry-after' );
		set_transient( 'dia_chi_so_pause', 1, $wait > 0 ? min( $wait, 2 * PAUSE_S ) : PAUSE_S );
	}
	/* translators: %d: HTTP status */
	$reason = sprintf( __( 'The register answered with status %d.', 'dia-chi-so' ), $status );
	if ( is_wp_error( $response ) ) {
		/* translators: %s: reason of the connection */
		$reason = sprintf( __( 'The register did not answer: %s', 'dia-chi-so' ), $response->get_error_message() );
	} elseif ( '' !== text( $answer, 'detail' ) ) {
		$reason = text( $answer, 'detail' );
	}
	if ( function_exists( 'wc_get_logger' ) ) {
		wc_get_logger()->warning( $reason, array( 'source' => 'dia-chi-so' ) );
	}
	return new \WP_Error( 'register', $reason );
}

/**
 * A member of an answer as plain text; empty where it is missing or not text.
 *
 * @param mixed  $answer Part of an answer.
 * @param string ...$path Names of members, from the outside in.
 * @return string
 */
function text( $answer, ...$path ) {
	foreach ( $path as $name ) {
		$answer = is_array( $answer ) && isset( $answer[ $name ] ) ? $answer[ $name ] : null;
	}
	return is_string( $answer ) ? sanitize_text_field( $answer ) : '';
}
