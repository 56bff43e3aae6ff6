/** Anything else than loopback needs signed deliveries and a token. */
export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')
