package net.cartback.deletion.serve;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.calendar.BusinessDays;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The settings that the operator chooses.
 *
 * @param recordTogether how many callbacks share a commit at most
 * @param recordLimit how long a callback waits for its commit
 * @param blockEvery how long a block of the audit trail with few rows waits for the one before
 * @param headEvery how often a head of it is signed
 * @param heads takes each signed head to where the database's owner cannot change it
 * @param adminToken bearer token of the admin API; null: none
 * @param brand what the pages show of who runs the relay
 * @param businessDays on which whoever runs the relay works
 */
public record Settings(
        OutboundRules outbound,
        int dispatchConcurrency,
        int recordTogether,
        Duration recordLimit,
        RetentionPeriods retention,
        Duration blockEvery,
        Duration headEvery,
        Consumer<String> heads,
        @Nullable String adminToken,
        @Nullable OidcSettings oidc,
        Brand brand,
        BusinessDays businessDays) {}
