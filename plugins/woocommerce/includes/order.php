<?php
/**
 * What the register says of an order's address, stored with the order and shown with it.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

const META = '_dia_chi_so_';

/**
 * Checks the address that an order is delivered to and stores the answer. Whatever the register
 * answers, the order stays as the customer sent it.
 *
 * @param \WC_Order $order The order.
 */
function check_order( $order ) {
	$parts = $order->get_address( $order->has_shipping_address() ? 'shipping' : 'billing' );
	if ( 'VN' !== $parts['country'] ) {
		return;
	}
	$states         = (array) WC()->countries->get_states( 'VN' );
	$parts['state'] = $states[ $parts['state'] ] ?? $parts['state'];
	$lines          = array( $parts['address_1'], $parts['address_2'], $parts['city'], $parts['state'] );
	$answer         = validate( implode( ', ', array_filter( $lines ) ) );
	$values         = is_wp_error( $answer ) ? array( 'verdict' => 'unchecked' ) : values_of( $answer );
	foreach ( NAMES as $name ) {
		if ( '' !== ( $values[ $name ] ?? '' ) ) {
			$order->update_meta_data( META . $name, $values[ $name ] );
		} else {
			$order->delete_meta_data( META . $name );
		}
	}
	$order->save();
}

const NAMES = array(
	'verdict',
	'label',
	'code',
	'commune',
	'commune_name',
	'province',
	'province_name',
	'question',
	'old_label',
	'scheme',
	'commune_id',
	'province_id',
	'old_commune_id',
	'old_district_id',
	'old_province_id',
);

/**
 * What of an answer is stored: code and commune only where the register asks nothing more.
 *
 * @param array $answer Of POST /v1/validate.
 * @return array<string, string>
 */
function values_of( $answer ) {
	$verdict = text( $answer, 'verdict' );
	if ( 0 !== strpos( text( $answer, 'next_action' ), 'use' ) ) {
		$question = text( $answer, 'question', 'text' );
		return array(
			'verdict'  => $verdict,
			'question' => '' !== $question ? $question : text( $answer, 'message' ),
		);
	}
	$values = array(
		'verdict'       => $verdict,
		'label'         => text( $answer, 'label' ),
		'code'          => text( $answer, 'code_display' ),
		'commune'       => text( $answer, 'commune', 'code' ),
		'commune_name'  => text( $answer, 'commune', 'name' ),
		'province'      => text( $answer, 'province', 'code' ),
		'province_name' => text( $answer, 'province', 'name' ),
		'old_label'     => text( $answer, 'label_on', 'label' ),
	);
	$scheme = settings()['scheme'];
	if ( '' !== $scheme ) {
		$values['scheme'] = $scheme;
		foreach ( array( 'commune', 'province' ) as $level ) {
			$values[ "{$level}_id" ] = text( $answer, $level, 'ids', $scheme );
		}
		foreach ( array( 'commune', 'district', 'province' ) as $level ) {
			$values[ "old_{$level}_id" ] = text( $answer, 'label_on', $level, 'ids', $scheme );
		}
	}
	return $values;
}

/**
 * Lines to show with an order: label => value.
 *
 * @param \WC_Order $order The order.
 * @return array<string, string>
 */
function lines_of( $order ) {
	$value = static function ( $name ) use ( $order ) {
		return (string) $order->get_meta( META . $name );
	};
	$ids   = array();
	foreach ( array( 'commune_id', 'province_id', 'old_commune_id', 'old_district_id', 'old_province_id' ) as $name ) {
		$ids[] = $value( $name );
	}
	$commune = $value( 'commune_name' );
	return array_filter(
		array(
			__( 'Address code', 'dia-chi-so' )          => $value( 'code' ),
			__( 'Address today', 'dia-chi-so' )         => $value( 'label' ),
			__( 'Commune', 'dia-chi-so' )               => '' === $commune ? '' : "$commune ({$value( 'commune' )})",
			__( 'By the old map', 'dia-chi-so' )        => $value( 'old_label' ),
			/* translators: %s: short name of a carrier, such as ghn */
			sprintf( __( 'Ids of %s', 'dia-chi-so' ), $value( 'scheme' ) ) => implode( ' · ', array_filter( $ids ) ),
		)
	);
}

/**
 * Shows an order's lines to the shop, with what is left to do.
 *
 * @param \WC_Order $order The order.
 */
function show_in_admin( $order ) {
	$verdict = (string) $order->get_meta( META . 'verdict' );
	if ( '' === $verdict ) {
		return;
	}
	$verdicts = array(
		'accept'     => __( 'The address is registered.', 'dia-chi-so' ),
		'correct'    => __( 'The address is registered; it is written today as below.', 'dia-chi-so' ),
		'unverified' => __( 'The house is not registered yet; the commune is known.', 'dia-chi-so' ),
		'unchecked'  => __( 'Not checked: the register did not answer. Check again under order actions.', 'dia-chi-so' ),
	);
	echo '<div class="dia-chi-so"><h3>Địa chỉ số</h3><p>';
	echo esc_html( $verdicts[ $verdict ] ?? __( 'Ask the customer about the address.', 'dia-chi-so' ) . ' ' . $order->get_meta( META . 'question' ) );
	echo '</p>';
	foreach ( lines_of( $order ) as $label => $value ) {
		echo '<p><strong>' . esc_html( $label ) . ':</strong> ' . esc_html( $value ) . '</p>';
	}
	echo '</div>';
}

/**
 * Adds an order's lines to its emails, which WooCommerce escapes.
 *
 * @param array     $fields        Fields so far.
 * @param bool      $sent_to_admin Not used.
 * @param \WC_Order $order         The order.
 * @return array
 */
function add_to_email( $fields, $sent_to_admin, $order ) {
	foreach ( lines_of( $order ) as $label => $value ) {
		$fields[] = array(
			'label' => $label,
			'value' => $value,
		);
	}
	return $fields;
}

/**
 * Offers to check an order's address again: after an edit, or when the register was silent.
 *
 * @param array $actions Actions so far.
 * @return array
 */
function add_order_action( $actions ) {
	$actions['dia_chi_so_check'] = __( 'Check the address (Địa chỉ số)', 'dia-chi-so' );
	return $actions;
}

add_action( 'woocommerce_checkout_order_created', __NAMESPACE__ . '\check_order' );
add_action( 'woocommerce_store_api_checkout_order_processed', __NAMESPACE__ . '\check_order' );
add_action( 'woocommerce_order_action_dia_chi_so_check', __NAMESPACE__ . '\check_order' );
add_filter( 'woocommerce_order_actions', __NAMESPACE__ . '\add_order_action' );
add_action( 'woocommerce_admin_order_data_after_shipping_address', __NAMESPACE__ . '\show_in_admin' );
add_filter( 'woocommerce_email_order_meta_fields', __NAMESPACE__ . '\add_to_email', 10, 3 );
