import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A page on this machine that leads to GitHub, and hears the code when GitHub leads back. */
export interface SetupPage {
  readonly url: string
  /** Resolves with the code; rejects when nobody came in time. */
  readonly code: Promise<string>
  close(): void
}

/** Serves the page on loopback. Only a visit that brings the same `state` back counts: others may call a port of this machine. */
export async function openSetupPage(
  formOf: (redirectUrl: string) => string,
  state: string,
  waitMs: number,
): Promise<SetupPage> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', connection: 'close' }).end(body)
    if (pathname === '/') return void answer(200, formOf(`${url}/done`))
    const code = searchParams.get('code')
    if (pathname !== '/done' || code === null || searchParams.get('state') !== state)
      return void answer(404, 'not here')
    answer(200, 'The app is made. Go on in the terminal.')
    resolve(code)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const timer = setTimeout(() => reject(new Error('nobody came back from GitHub in time')), waitMs)
  const close = () => {
    clearTimeout(timer)
    server.closeAllConnections()
    server.close()
  }
  return { url, code: promise.finally(() => clearTimeout(timer)), close }
}
