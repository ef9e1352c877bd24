package net.cartback.deletion.serve;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.calendar.BusinessDays;
import net.cartback.deletion.config.AdminToken;
import net.cartback.deletion.config.BrandLoader;
import net.cartback.deletion.config.CalendarLoader;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.mail.MailSettings;
import net.cartback.deletion.recording.RequestBatcher;
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
 * @param mail the server that takes mails to people; null: people are told nothing by mail
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
        BusinessDays businessDays,
        @Nullable MailSettings mail) {

    private static final Duration BLOCK_EVERY = Duration.ofSeconds(10);

    /**
     * As the environment says, with the files that it names.
     *
     * @throws Refused if one of them cannot be used
     */
    static Settings of(Config config) {
        return new Settings(
                config.outbound(),
                config.dispatchConcurrency(),
                config.recordTogether(),
                RequestBatcher.LIMIT,
                config.retention(),
                BLOCK_EVERY,
                config.auditHeads().every(),
                new HeadPublisher(config.auditHeads().file()),
                AdminToken.load(config),
                config.oidc(),
                BrandLoader.read(config),
                CalendarLoader.read(config),
                config.mail());
    }
}
