/** The path of a Chromium or Chrome. Throws an Error whose message says what to do. */
export function findBrowser(): Promise<string>
