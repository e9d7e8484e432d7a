// The browser's half of the address provider: it asks the shop's own server and nothing else.
// Apache-2.0
( () => {
	'use strict';

	const { suggestions, address, nonce } = window.diaChiSo;
	let searching = new AbortController();

	/** The answer of the shop; `otherwise` where there is none: checkout goes on as without suggestions. */
	async function ask( url, fields, otherwise, signal ) {
		try {
			const answer = await fetch( url, {
				method: 'POST',
				credentials: 'same-origin',
				headers: { 'Content-Type': 'application/json', 'X-WP-Nonce': nonce },
				body: JSON.stringify( fields ),
				signal,
			} );
			return answer.ok ? await answer.json() : otherwise;
		} catch {
			return otherwise;
		}
	}

	window.wc?.addressAutocomplete?.registerAddressAutocompleteProvider?.( {
		id: 'dia-chi-so',
		canSearch: ( country ) => country === 'VN',
		search( typed ) {
			searching.abort();
			searching = new AbortController();
			return ask( suggestions, { q: typed.slice( 0, 200 ) }, [], searching.signal );
		},
		select: ( id ) => ask( address, { id }, null ),
	} );
} )();
