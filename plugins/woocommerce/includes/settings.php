<?php
/**
 * The settings page, under WooCommerce.
 *
 * @package DiaChiSo
 */

namespace DiaChiSo;

defined( 'ABSPATH' ) || exit;

const CAPABILITY = 'manage_woocommerce';

/**
 * Who may save: the same as who sees the page.
 *
 * @return string
 */
function capability() {
	return CAPABILITY;
}

/**
 * Adds the page.
 */
function add_settings_page() {
	add_submenu_page( 'woocommerce', 'Địa chỉ số', 'Địa chỉ số', CAPABILITY, 'dia-chi-so', __NAMESPACE__ . '\show_settings' );
}

/**
 * Registers the one option.
 */
function register_settings() {
	register_setting(
		'dia_chi_so',
		'dia_chi_so',
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\sanitize_settings',
			'show_in_rest'      => false,
		)
	);
}

/**
 * Clean settings; what is not valid keeps its value and is named.
 *
 * @param mixed $given What the form sent.
 * @return array<string, string>
 */
function sanitize_settings( $given ) {
	$stored   = wp_parse_args( get_option( 'dia_chi_so', array() ), array_fill_keys( array( 'register', 'key', 'wording', 'scheme' ), '' ) );
	$given    = array_map( 'sanitize_text_field', array_filter( (array) $given, 'is_string' ) ) + $stored;
	$settings = $stored;
	$register = untrailingslashit( esc_url_raw( $given['register'], array( 'http', 'https' ) ) );
	if ( '' !== $register || '' === $given['register'] ) {
		$settings['register'] = $register;
	} else {
		add_settings_error( 'dia_chi_so', 'register', __( 'The address of the register begins with http:// or https://.', 'dia-chi-so' ) );
	}
	if ( in_array( $given['wording'], array( '', 'before:2025-07-01' ), true ) ) {
		$settings['wording'] = $given['wording'];
	}
	if ( preg_match( '/^[a-z0-9_]*$/', $given['scheme'] ) ) {
		$settings['scheme'] = $given['scheme'];
	} else {
		add_settings_error( 'dia_chi_so', 'scheme', __( 'The name of a carrier consists of small letters and digits, such as ghn.', 'dia-chi-so' ) );
	}
	if ( isset( $given['forget_key'] ) ) {
		$settings['key'] = '';
	} elseif ( '' !== $given['key'] ) {
		$settings['key'] = $given['key']; // The page never shows it: an empty field keeps it.
	}
	delete_transient( 'dia_chi_so_pause' );
	return $settings;
}

/**
 * Shows the page, and whether the register answers with these settings.
 */
function show_settings() {
	$settings = settings();
	$has_key  = '' !== $settings['key'];
	settings_errors();
	if ( '' !== $settings['register'] ) {
		$answer  = validate( 'Hà Nội' );
		$failed  = is_wp_error( $answer );
		$message = $failed ? $answer->get_error_message() : __( 'The register answers.', 'dia-chi-so' );
		printf( '<div class="notice notice-%s"><p>%s</p></div>', $failed ? 'error' : 'success', esc_html( $message ) );
	}
	?>
	<div class="wrap">
		<h1>Địa chỉ số</h1>
		<form method="post" action="options.php">
			<?php settings_fields( 'dia_chi_so' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="dcs-register"><?php esc_html_e( 'Address of the register', 'dia-chi-so' ); ?></label></th>
					<td><input type="url" class="regular-text" id="dcs-register" name="dia_chi_so[register]" value="<?php echo esc_attr( $settings['register'] ); ?>" placeholder="https://"></td>
				</tr>
				<tr>
					<th scope="row"><label for="dcs-key"><?php esc_html_e( 'Key', 'dia-chi-so' ); ?></label></th>
					<td>
						<input type="password" class="regular-text" id="dcs-key" name="dia_chi_so[key]" autocomplete="off" <?php disabled( defined( 'DIA_CHI_SO_KEY' ) ); ?>>
						<p class="description"><?php echo esc_html( $has_key ? __( 'A key is stored; leave this empty to keep it.', 'dia-chi-so' ) : __( 'Recommended: all customers share the limits of this server, and a key raises them. It stays on this server.', 'dia-chi-so' ) ); ?></p>
						<?php if ( $has_key ) : ?>
							<label><input type="checkbox" name="dia_chi_so[forget_key]" value="1"> <?php esc_html_e( 'Forget the key', 'dia-chi-so' ); ?></label>
						<?php endif; ?>
					</td>
				</tr>
				<tr>
					<th scope="row"><label for="dcs-wording"><?php esc_html_e( 'Wording for the carrier', 'dia-chi-so' ); ?></label></th>
					<td>
						<select id="dcs-wording" name="dia_chi_so[wording]">
							<option value=""><?php esc_html_e( 'Units of today', 'dia-chi-so' ); ?></option>
							<option value="before:2025-07-01" <?php selected( $settings['wording'], 'before:2025-07-01' ); ?>><?php esc_html_e( 'Also by the map of before July 2025', 'dia-chi-so' ); ?></option>
						</select>
					</td>
				</tr>
				<tr>
					<th scope="row"><label for="dcs-scheme"><?php esc_html_e( 'Ids of the carrier', 'dia-chi-so' ); ?></label></th>
					<td>
						<input type="text" id="dcs-scheme" name="dia_chi_so[scheme]" pattern="[a-z0-9_]*" value="<?php echo esc_attr( $settings['scheme'] ); ?>" placeholder="ghn">
						<p class="description"><?php esc_html_e( 'Whose ids of communes and provinces are stored with the order, where the register has them.', 'dia-chi-so' ); ?></p>
					</td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
		<?php if ( 'yes' !== get_option( 'woocommerce_address_autocomplete_enabled' ) ) : ?>
			<p><?php esc_html_e( 'Suggestions are off: turn on address autocomplete under WooCommerce, Settings, General.', 'dia-chi-so' ); ?></p>
		<?php endif; ?>
	</div>
	<?php
}

/**
 * What a shop's privacy policy says about this plugin.
 */
function add_privacy_text() {
	wp_add_privacy_policy_content( 'Địa chỉ số', wp_kses_post( wpautop( __( 'Addresses in Viet Nam that are typed at checkout are sent to an address register to be completed and checked; nothing else of the order is sent.', 'dia-chi-so' ) ) ) );
}

add_action( 'admin_menu', __NAMESPACE__ . '\add_settings_page', 60 );
add_action( 'admin_init', __NAMESPACE__ . '\register_settings' );
add_action( 'admin_init', __NAMESPACE__ . '\add_privacy_text' );
add_filter( 'option_page_capability_dia_chi_so', __NAMESPACE__ . '\capability' );
