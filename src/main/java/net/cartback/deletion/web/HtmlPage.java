package net.cartback.deletion.web;

/**
 * A page for people.
 *
 * @param contentSecurityPolicy what the page may load and do (W3C, Content Security Policy 3)
 */
public record HtmlPage(String html, String contentSecurityPolicy) {}
