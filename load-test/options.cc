// The flags of verdict-load.
#include "options.h"

#include <cstdio>

#include "CLI/CLI.hpp"

namespace verdict::load {
namespace {

void AddPlan(Options* o, CLI::App* app) {
  app->add_option("--target", o->target, "host:port of the service")->capture_default_str();
  app->add_flag("--closed", o->closed,
                "closed loop: connections x streams calls always in flight (for throughput)");
  app->add_option("--rate", o->rate, "open loop: requests a second")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e7));
  app->add_flag("--fixed-gaps", o->fixed_gaps,
                "open loop: equal gaps in place of Poisson arrivals");
  app->add_option("--duration", o->duration_s, "seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  app->add_option("--warmup", o->warmup_s, "seconds before, checked but in no figure")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  app->add_option("--requests", o->requests, "stop after so many (0: only after --duration)")
      ->capture_default_str();
  app->add_option("--timeout-ms", o->timeout_ms, "deadline of each call (0: none)")
      ->capture_default_str()
      ->check(CLI::Range(0, 600000));
}

void AddClient(Options* o, CLI::App* app) {
  app->add_option("--connections", o->connections, "TCP connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app->add_option("--streams", o->streams, "closed loop: calls in flight on each connection")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app->add_option("--threads", o->threads, "client threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app->add_option(
         "--tick-us", o->tick_us,
         "open loop: shortest sleep between looks at plan and sockets; every latency includes it "
         "(-1: 100 from 5,000 requests a second and thread on, else 0)")
      ->capture_default_str()
      ->check(CLI::Range(-1, 100000));
  app->add_option("--format", "text or json")->check(CLI::IsMember({"text", "json"}));
}

void AddRequests(Options* o, CLI::App* app) {
  app->add_flag("!--no-record", o->record,
                "record = false: Score does not append the PAYMENT event itself");
  app->add_option("--pool", o->pool, "prepared requests; each is sent under a new id")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, uint64_t{20000000}));
  app->add_option("--merchants", o->merchants, "distinct merchants to draw from")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, uint64_t{99999999}));
  app->add_option("--cards", o->cards, "distinct cards to draw from")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, uint64_t{999999999}));
  app->add_option("--zipf", o->zipf, "skew of merchants and cards (0: all alike)")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3.0));
  app->add_option("--hot-share", o->hot_share, "share of the traffic that goes to one merchant")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app->add_flag("--every-merchant", o->every_merchant,
                "request i of the pool is of merchant i (to fill a service evenly)");
  app->add_option(
      "--from", o->from,
      "play the PAYMENT events of a file: JSON lines, or length-delimited TransactionEvent");
  app->add_flag("--keep-ids", o->keep_ids,
                "with --from: send ids and times as they stand in the file, each once");
  app->add_option(
      "--answers", o->answers,
      "with --keep-ids: write id,decision,provenance,rules of each answer to this file");
  app->add_option("--write-pool", o->write_pool,
                  "write the pool to a file as length-delimited ScoreRequests, each under an id of "
                  "its own, and end "
                  "(for ghz --binary-file)");
  app->add_option("--seed", o->seed, "seed of the pool and of the arrivals (0: from the clock)")
      ->capture_default_str();
  app->add_flag("--allow-replayed", o->allow_replayed,
                "a stored decision in answer to a new id does not fail the run");
}

}  // namespace

std::optional<Options> ParseOptions(int argc, char** argv, int* exit_code) {
  Options options;
  CLI::App app{
      "verdict-load sends Score calls and measures them.\n"
      "Open loop (the default): each call has an intended time; latency counts from it, so a slow "
      "server cannot hide\n"
      "by slowing the generator. The run fails (exit 1) below 99 % of the planned rate, on any "
      "failed call and on any\n"
      "answer of provenance DEFAULT. Every call has an id of its own.\n"
      "Example: verdict-load --rate 35000 --duration 60 --connections 8 --warmup 5"};
  AddPlan(&options, &app);
  AddClient(&options, &app);
  AddRequests(&options, &app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  options.json = app.count("--format") > 0 && app["--format"]->as<std::string>() == "json";
  if (options.keep_ids && options.from.empty()) {
    std::fprintf(stderr, "verdict-load: --keep-ids needs --from FILE\n");
    *exit_code = 2;
    return std::nullopt;
  }
  if (!options.answers.empty() && !options.keep_ids) {
    std::fprintf(stderr, "verdict-load: --answers needs --keep-ids\n");
    *exit_code = 2;
    return std::nullopt;
  }
  if (options.threads > options.connections) options.threads = options.connections;
  return options;
}

}  // namespace verdict::load
