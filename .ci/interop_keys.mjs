// Verifies the tokens on stdin with the JWK Set at the URL: a line for each that does not agree.
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { text } from 'node:stream/consumers'

const keys = createRemoteJWKSet(new URL(process.argv[2]))
const tokens = JSON.parse(await text(process.stdin))
for (const [algorithm, token] of Object.entries(tokens)) {
  try {
    const { payload } = await jwtVerify(token, keys, { algorithms: [algorithm] })
    if (payload.sub !== algorithm) console.log(`reads ${payload.sub} in a token of ${algorithm}`)
    const [header, , signature] = token.split('.')
    const altered = [header, Buffer.from('{"sub":"eve"}').toString('base64url'), signature].join('.')
    await jwtVerify(altered, keys).then(() => console.log(`${algorithm}: an altered token is good`), () => {})
  } catch (error) {
    console.log(`${algorithm}, ${JSON.stringify(decodeProtectedHeader(token))}: ${error}`)
  }
}
