/** Where an address or event is, as far as it is known. */
export interface Located {
  /** ISO 3166-1 alpha-2, upper case; null = not known. */
  readonly country: string | null
  /** Degrees, and the radius in kilometres within which the true place lies; null = only the country is known. */
  readonly point: { readonly latitude: number; readonly longitude: number; readonly radiusKm: number } | null
}

/** Where an IP address is; given from outside, since core looks nothing up. Null = not known. */
export type Locate = (ip: string) => Located | null
