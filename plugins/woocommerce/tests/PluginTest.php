<?php
/**
 * The plugin in WordPress. The register's answers are canned where a test has to choose them
 * (`pre_http_request` is WordPress's own hook for that), and real where REGISTER is asked.
 *
 * @package DiaChiSo
 */

use PHPUnit\Framework\TestCase;

final class PluginTest extends TestCase {

	private const ANSWER = array(
		'verdict'      => 'accept',
		'next_action'  => 'use',
		'label'        => '27 Phố Láng, Phường Láng, Thành phố Hà Nội',
		'code'         => '0001551X',
		'code_display' => '0001-551X',
		'commune'      => array( 'code' => '00199', 'name' => 'Phường Láng', 'ids' => array( 'ghn' => '1A0405' ) ),
		'province'     => array( 'code' => '01', 'name' => 'Thành phố Hà Nội', 'ids' => array( 'ghn' => '201' ) ),
		'postcode'     => '11512',
	);
	private const CHECKED = array( 'address_1' => '27 Láng', 'city' => 'Hà Nội', 'country' => 'VN' );

	/** Requests that would have been sent: each [url, arguments]. */
	private array $sent = array();

	protected function setUp(): void {
		delete_transient( 'dia_chi_so_pause' );
		update_option( 'dia_chi_so', array( 'register' => 'http://register.example' ) );
		$GLOBALS['wc_log'] = array();
	}

	protected function tearDown(): void {
		remove_all_filters( 'pre_http_request' );
		remove_all_filters( 'woocommerce_states' );
	}

	private function answer( $answer, int $status = 200, array $headers = array() ): void {
		$this->respond( array( 'response' => array( 'code' => $status ), 'headers' => $headers, 'body' => is_string( $answer ) ? $answer : wp_json_encode( $answer ) ) );
	}

	private function respond( $response ): void {
		remove_all_filters( 'pre_http_request' );
		$catch = function ( $none, $arguments, $url ) use ( $response ) {
			$this->sent[] = array( $url, $arguments );
			return $response;
		};
		add_filter( 'pre_http_request', $catch, 10, 3 );
	}

	private static function order( array $billing = self::CHECKED, array $shipping = array() ): WC_Order {
		$order = new WC_Order( $billing, $shipping );
		do_action( 'woocommerce_checkout_order_created', $order );
		return $order;
	}

	private static function post( string $route, array $fields, ?string $nonce = null ): WP_REST_Response {
		$request = new WP_REST_Request( 'POST', "/dia-chi-so/v1/$route" );
		$request->set_header( 'X-WP-Nonce', $nonce ?? wp_create_nonce( 'wp_rest' ) );
		$request->set_body_params( $fields );
		return rest_do_request( $request );
	}

	private static function in_admin( WC_Order $order ): string {
		ob_start();
		do_action( 'woocommerce_admin_order_data_after_shipping_address', $order );
		return ob_get_clean();
	}

	public function test_code_and_commune_are_stored_with_the_order_and_shown(): void {
		update_option( 'dia_chi_so', array( 'register' => 'http://register.example', 'key' => 'dcs_secret', 'scheme' => 'ghn', 'wording' => 'before:2025-07-01' ) );
		$this->answer( self::ANSWER + array( 'label_on' => array( 'label' => '27 Láng, Phường Láng Thượng, Quận Đống Đa', 'district' => array( 'ids' => array( 'ghn' => '1486' ) ) ) ) );
		$order = self::order();
		$this->assertSame(
			array( 'accept', '0001-551X', '00199', '1A0405', '201', '1486' ),
			array_map( static fn( $name ) => $order->saved[ "_dia_chi_so_$name" ], array( 'verdict', 'code', 'commune', 'commune_id', 'province_id', 'old_district_id' ) )
		);
		$shown = self::in_admin( $order );
		$email = apply_filters( 'woocommerce_email_order_meta_fields', array(), false, $order );
		foreach ( array( '0001-551X', 'Phường Láng (00199)', 'Quận Đống Đa', '1A0405 · 201 · 1486' ) as $part ) {
			$this->assertStringContainsString( $part, $shown );
			$this->assertStringContainsString( $part, wp_json_encode( $email, JSON_UNESCAPED_UNICODE ) );
		}
		list( $url, $arguments ) = $this->sent[0];
		$this->assertSame( 'http://register.example/v1/validate', $url );
		$this->assertSame( 'Bearer dcs_secret', $arguments['headers']['Authorization'] );
		$this->assertSame( array( 'address' => '27 Láng, Hà Nội', 'wording' => 'before:2025-07-01', 'scheme' => 'ghn' ), json_decode( $arguments['body'], true ) );
	}

	public function test_the_address_of_delivery_is_checked_and_only_in_viet_nam(): void {
		$this->answer( self::ANSWER );
		add_filter( 'woocommerce_states', static fn() => array( 'VN' => array( 'HN' => 'TP. Hà Nội' ) ) );
		self::order( array( 'country' => 'FR', 'address_1' => '1 rue X' ), array( 'country' => 'VN', 'address_1' => '27 Láng', 'state' => 'HN' ) );
		$this->assertSame( array( 'address' => '27 Láng, TP. Hà Nội' ), json_decode( $this->sent[0][1]['body'], true ) );
		$this->assertSame( array(), self::order( array( 'country' => 'FR', 'address_1' => '1 rue X' ) )->saved );
		$this->assertCount( 1, $this->sent );
	}

	public function test_an_address_to_ask_about_has_a_question_and_no_code(): void {
		$this->answer( self::ANSWER );
		$order = self::order();
		$this->answer( array( 'verdict' => 'confirm', 'next_action' => 'ask_yes_no', 'question' => array( 'text' => 'Có phải <b>27 Phố Láng</b>?' ) ) + self::ANSWER );
		do_action( 'woocommerce_order_action_dia_chi_so_check', $order );
		$this->assertSame( array( '_dia_chi_so_verdict', '_dia_chi_so_question' ), array_keys( $order->saved ) );
		$this->assertStringContainsString( 'Có phải 27 Phố Láng?', self::in_admin( $order ) );
		$this->assertSame( array(), apply_filters( 'woocommerce_email_order_meta_fields', array(), false, $order ) );
	}

	public function test_checkout_goes_on_when_the_register_fails(): void {
		$of       = static fn( int $status, string $body ) => array( 'response' => array( 'code' => $status ), 'headers' => array(), 'body' => $body );
		$failures = array( // What comes back, and how many of two requests are sent: none is while a silent register rests.
			array( new WP_Error( 'http_request_failed', 'timed out' ), 1 ),
			array( $of( 429, '{}' ), 1 ),
			array( $of( 503, '{}' ), 1 ),
			array( $of( 422, '{"detail": "no such scheme"}' ), 2 ),
			array( $of( 200, '<html>' ), 2 ),
			array( $of( 200, '{"suggestions": 1, "commune": "x", "verdict": []}' ), 2 ),
		);
		foreach ( $failures as list( $response, $asked ) ) {
			$this->setUp();
			$this->sent = array();
			$this->respond( $response );
			$order = self::order();
			$this->assertArrayNotHasKey( '_dia_chi_so_code', $order->saved );
			$this->assertSame( array(), self::post( 'suggestions', array( 'q' => '27 láng' ) )->get_data() );
			$this->assertCount( $asked, $this->sent );
			$this->assertSame( \DiaChiSo\TIMEOUT_S, $this->sent[0][1]['timeout'] );
			$this->assertStringNotContainsString( '27 L', wp_json_encode( $GLOBALS['wc_log'], JSON_UNESCAPED_UNICODE ) );
		}
	}

	public function test_an_order_that_was_not_checked_says_so(): void {
		$this->respond( new WP_Error( 'http_request_failed', 'timed out' ) );
		$order = self::order();
		$this->assertSame( array( '_dia_chi_so_verdict' => 'unchecked' ), $order->saved );
		$this->assertStringContainsString( 'Chưa kiểm tra', self::in_admin( $order ) );
		$this->assertNull( self::post( 'address', array( 'id' => '27 Láng' ) )->get_data() );
	}

	public function test_a_picked_suggestion_fills_the_fields_of_woocommerce(): void {
		$this->answer( self::ANSWER );
		$fields = self::post( 'address', array( 'id' => '0001551X' ) )->get_data();
		$this->assertSame( array( 'address_1' => '27 Phố Láng', 'address_2' => '', 'city' => 'Phường Láng, Thành phố Hà Nội', 'state' => '', 'postcode' => '11512', 'country' => 'VN' ), $fields );
		add_filter( 'woocommerce_states', static fn() => array( 'VN' => array( 'HP' => 'Hải Phòng', 'HN' => 'Hà Nội' ) ) );
		$fields = self::post( 'address', array( 'id' => '0001551X' ) )->get_data();
		$this->assertSame( array( 'Phường Láng', 'HN' ), array( $fields['city'], $fields['state'] ) );
		$this->answer( array( 'verdict' => 'complete', 'next_action' => 'ask_choice', 'label' => null, 'commune' => null ) );
		$this->assertSame( 'Đường Lê Lợi,', self::post( 'address', array( 'id' => 'Đường Lê Lợi, ' ) )->get_data()['address_1'] );
	}

	public function test_routes_serve_pages_of_the_shop_alone(): void {
		$this->answer( array( 'suggestions' => array() ) );
		$this->assertSame( 401, self::post( 'suggestions', array( 'q' => '27 láng' ), '' )->get_status() );
		$this->assertSame( 401, self::post( 'address', array( 'id' => '27 láng' ), 'forged' )->get_status() );
		$this->assertSame( 400, self::post( 'suggestions', array() )->get_status() );
		$this->assertSame( 400, self::post( 'suggestions', array( 'q' => str_repeat( 'a', 201 ) ) )->get_status() );
		$this->assertSame( array(), $this->sent );
	}

	public function test_settings_that_are_not_valid_keep_their_value(): void {
		update_option( 'dia_chi_so', array( 'register' => 'https://register.example', 'key' => 'dcs_secret', 'wording' => '', 'scheme' => 'ghn' ) );
		$kept = \DiaChiSo\sanitize_settings( array( 'register' => 'javascript:alert(1)', 'key' => '', 'wording' => 'x', 'scheme' => 'G H N' ) );
		$this->assertSame( get_option( 'dia_chi_so' ), $kept );
		$this->assertSame( array( 'register', 'scheme' ), array_column( get_settings_errors( 'dia_chi_so' ), 'code' ) );
		$this->assertSame( '', \DiaChiSo\sanitize_settings( array( 'forget_key' => '1' ) )['key'] );
		$this->assertSame( 'https://b.example/map', \DiaChiSo\sanitize_settings( array( 'register' => 'https://b.example/map/' ) )['register'] );
		$this->assertSame( 'https://register.example', \DiaChiSo\sanitize_settings( 'no array' )['register'] );
	}

	public function test_what_the_register_says_is_escaped(): void {
		$order = new WC_Order( self::CHECKED );
		$order->update_meta_data( '_dia_chi_so_verdict', 'accept' );
		$order->update_meta_data( '_dia_chi_so_label', '<script>alert(1)</script>' );
		$this->assertStringNotContainsString( '<script', self::in_admin( $order ) );
		$this->answer( array( 'label' => '27 <script>alert(1)</script>Láng' ) + self::ANSWER );
		$this->assertSame( '27 Láng', self::order()->saved['_dia_chi_so_label'] );
	}

	public function test_every_text_has_its_vietnamese(): void {
		$folder = WP_PLUGIN_DIR . '/dia-chi-so';
		$texts  = array();
		foreach ( glob( "$folder/includes/*.php" ) as $file ) {
			preg_match_all( "/\\b(?:__|esc_html__|esc_html_e)\\( '([^']+)', 'dia-chi-so' \\)/", file_get_contents( $file ), $found );
			$texts = array_merge( $texts, $found[1] );
		}
		$vietnamese = include "$folder/languages/dia-chi-so-vi.l10n.php";
		$this->assertEqualsCanonicalizing( array_unique( $texts ), array_keys( $vietnamese['messages'] ) );
		$this->assertSame( 'Mã địa chỉ', __( 'Address code', 'dia-chi-so' ) );
	}

	public function test_who_runs_the_shop_may_save_and_uninstalling_forgets_the_key(): void {
		$this->assertSame( 'manage_woocommerce', apply_filters( 'option_page_capability_dia_chi_so', 'manage_options' ) );
		define( 'WP_UNINSTALL_PLUGIN', 'dia-chi-so/dia-chi-so.php' );
		require WP_PLUGIN_DIR . '/dia-chi-so/uninstall.php';
		$this->assertFalse( get_option( 'dia_chi_so' ) );
	}

	public function test_the_version_stands_twice_and_is_the_same(): void {
		$this->assertSame( get_plugin_data( \DiaChiSo\FILE )['Version'], \DiaChiSo\VERSION );
	}

	public function test_a_real_register_answers(): void {
		update_option( 'dia_chi_so', array( 'register' => getenv( 'REGISTER' ), 'scheme' => 'iso_3166_2', 'wording' => 'before:2025-07-01' ) );
		$lines = self::post( 'suggestions', array( 'q' => '27 láng' ) )->get_data();
		$ids   = array_column( $lines, 'id', 'label' );
		$this->assertSame( getenv( 'CODE' ), $ids['27 Phố Láng, Phường Láng, Thành phố Hà Nội'] );
		$fields = self::post( 'address', array( 'id' => getenv( 'CODE' ) ) )->get_data();
		$this->assertSame( array( '27 Phố Láng', 'Phường Láng, Thành phố Hà Nội' ), array( $fields['address_1'], $fields['city'] ) );
		$order = self::order( $fields );
		$this->assertSame( getenv( 'CODE' ), str_replace( '-', '', $order->saved['_dia_chi_so_code'] ) );
		$this->assertSame( 'VN-HN', $order->saved['_dia_chi_so_province_id'] );
		$this->assertSame( 'reject', self::order( array( 'address_1' => '!!!', 'country' => 'VN' ) )->saved['_dia_chi_so_verdict'] );
	}
}
