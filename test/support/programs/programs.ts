import { existsSync } from "node:fs";

/** Chromium without its windows: the same pages for two thirds of the processor's time. */
export const HEADLESS_SHELL = "/usr/bin/chromium-headless-shell";

/**
 * Programs of the machine that tests run: Debian's, installed by `npm run test:setup`, or those named here. Always by
 * their path, because another Python on the PATH lacks the packages.
 */
export const CHROMIUM =
  process.env["CHROMIUM"] ?? (existsSync(HEADLESS_SHELL) ? HEADLESS_SHELL : "/usr/bin/chromium");
export const PYTHON = process.env["TEST_PYTHON"] ?? "/usr/bin/python3";
export const RUBY = process.env["TEST_RUBY"] ?? "/usr/bin/ruby";
export const PHP = process.env["TEST_PHP"] ?? "/usr/bin/php";
