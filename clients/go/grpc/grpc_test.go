package rateguardgrpc

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	rateguard "github.com/rateguard/rateguard/clients/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// serve is the health service of gRPC behind both interceptors.
func serve(t *testing.T, service string, site rateguard.Site) grpc_health_v1.HealthClient {
	t.Helper()
	if service == "" {
		t.Skip("run the tests through clients/run")
	}
	client, err := rateguard.New(rateguard.Options{URL: "http://" + service, Deadline: 5 * time.Second, Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	unary, err := UnaryServerInterceptor(client, site)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := StreamServerInterceptor(client, site)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(unary), grpc.StreamInterceptor(stream))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		connection.Close()
		server.Stop()
		client.Close()
	})
	return grpc_health_v1.NewHealthClient(connection)
}

func code(ctx context.Context, client grpc_health_v1.HealthClient, fields *metadata.MD) codes.Code {
	_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.Header(fields))
	return status.Code(err)
}

func TestCallsAreRefusedAboveTheLimit(t *testing.T) {
	site := rateguard.Site{Limit: "1/h", Name: t.Name() + time.Now().String()[:19], Key: rateguard.ByHeader("x-user")}
	client := serve(t, os.Getenv("RATEGUARD_HTTP"), site)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	me := metadata.AppendToOutgoingContext(ctx, "x-user", "me")
	var fields metadata.MD
	if got := code(me, client, &fields); got != codes.OK || len(fields.Get("ratelimit")) != 1 {
		t.Error(got, fields)
	}
	if got := code(me, client, &fields); got != codes.ResourceExhausted || len(fields.Get("retry-after")) != 1 {
		t.Error(got, fields)
	}
	if got := code(ctx, client, &fields); got != codes.PermissionDenied {
		t.Error(got)
	}
	watching, err := client.Watch(me, &grpc_health_v1.HealthCheckRequest{})
	if err == nil {
		_, err = watching.Recv()
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
}

func TestWhileTheServiceIsAwayTheOptionDecides(t *testing.T) {
	for onFailure, expected := range map[rateguard.OnFailure]codes.Code{rateguard.Open: codes.OK, rateguard.Closed: codes.Unavailable} {
		var fields metadata.MD
		if got := code(context.Background(), serve(t, os.Getenv("STAND_IN_AWAY"), rateguard.Site{Limit: "1/h", OnFailure: onFailure}), &fields); got != expected {
			t.Error(onFailure, got)
		}
	}
}
